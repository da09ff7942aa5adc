/** What a person does on the pages, by what a person can see: labels, buttons, headings. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

export interface Person {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

export const ADA: Person = {
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  password: 'seven bridges over the river',
};

/** Fills in the form on the sign-up page and waits for the account page. */
export async function signUp(page: Page, person: Person): Promise<void> {
  await page.getByLabel('Name').fill(person.name);
  await page.getByLabel('Email').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await seesAccount(page, person);
}

/** Fills in the form on the sign-in page. */
export async function fillSignIn(page: Page, { email, password }: Pick<Person, 'email' | 'password'>): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Signs in on the sign-in page and waits for the account page. */
export async function signIn(page: Page, person: Person): Promise<void> {
  await fillSignIn(page, person);
  await seesAccount(page, person);
}

/** Waits until the account page is there as a whole, with this device. */
export async function seesAccount(page: Page, person: Person): Promise<void> {
  await page.getByRole('heading', { name: 'Your account' }).waitFor();
  await page.getByText('This device').waitFor();
  assert.equal(pathOf(page), '/account');
  await page.getByRole('main').getByText(person.email).waitFor();
}

/** Waits for the sign-in page. */
export async function seesSignIn(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(pathOf(page), '/sign-in');
}

export function pathOf(page: Page): string {
  return new URL(page.url()).pathname;
}

/** The name of the field that has the focus; empty where none has. */
export async function focusedField(page: Page): Promise<string> {
  return page.evaluate(() => {
    const focused = document.activeElement;
    return focused instanceof HTMLInputElement ? focused.name : '';
  });
}
