/** The forms: a mistake is named where it was made, the focus goes there, and a keyboard is all one needs. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { firstTab } from './harness/browser.ts';
import { ask } from './harness/direct.ts';
import { ADA, fillSignIn, focusedField, seesAccount, seesSignIn } from './harness/person.ts';
import { stageTest } from './harness/stage.ts';

/** What the field says is wrong with it, by what a screen reader is told. */
async function errorOf(page: Page, label: string): Promise<string> {
  const field = page.getByLabel(label, { exact: true });
  const error = page.locator(`#${await field.getAttribute('name')}-error`);
  await error.waitFor();
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  assert.match((await field.getAttribute('aria-describedby')) ?? '', /-error\b/);
  return (await error.textContent()) ?? '';
}

stageTest('a mistake in a form is named where it was made', async (stage) => {
  const service = await stage.startService();
  const page = firstTab(await stage.openBrowser('ada'));
  const password = page.getByLabel('Password', { exact: true });
  const create = page.getByRole('button', { name: 'Create account' });
  const { status } = await ask('POST', `${service.url}/auth/sign-up`, { body: ADA });
  assert.equal(status, 201);

  await stage.step('a wrong password', async () => {
    await page.goto(service.url);
    await fillSignIn(page, { email: ADA.email, password: 'not her password' });
    const alert = page.getByRole('alert');
    await alert.waitFor();
    assert.match((await alert.textContent()) ?? '', /That email and password do not go together/);
    assert.equal(await focusedField(page), 'password');
    assert.equal(await page.getByLabel('Email').inputValue(), ADA.email);
  });

  await stage.step('an unknown address is answered in the same words', async () => {
    await fillSignIn(page, { email: 'nobody@example.com', password: 'whatever it may be' });
    await page.getByText('That email and password do not go together').waitFor();
    assert.equal(await focusedField(page), 'password');
  });

  await stage.step('nothing filled in', async () => {
    await page.goto(`${service.url}/sign-up`);
    await create.click();
    assert.match(await errorOf(page, 'Email'), /Enter your email address/);
    assert.match(await errorOf(page, 'Password'), /Choose a password/);
    assert.equal(await focusedField(page), 'email');
  });

  await stage.step('a password that is too short', async () => {
    await page.getByLabel('Email').fill('grace@example.com');
    await password.fill('short');
    await create.click();
    assert.match(await errorOf(page, 'Password'), /at least 8 characters/);
    assert.equal(await focusedField(page), 'password');
  });

  await stage.step('a password that everybody tries first, which only the service knows', async () => {
    await password.fill('password123');
    await create.click();
    await page.getByText(/tried first/).waitFor();
    assert.match(await errorOf(page, 'Password'), /tried first/);
    assert.equal(await focusedField(page), 'password');
  });

  await stage.step('an address that has an account leads to sign-in, and keeps the address', async () => {
    await page.getByLabel('Email').fill(ADA.email.toUpperCase());
    await password.fill('another fine password');
    await create.click();
    assert.match(await errorOf(page, 'Email'), /There is already an account with this address/);
    assert.equal(await focusedField(page), 'email');
    await page.getByRole('link', { name: 'Sign in instead' }).click();
    await seesSignIn(page);
    assert.equal(await page.getByLabel('Email').inputValue(), ADA.email.toUpperCase());
    await password.fill(ADA.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await seesAccount(page, ADA);
  });
});

stageTest('a keyboard is enough to sign up, sign out and sign in', async (stage) => {
  const service = await stage.startService();
  const page = firstTab(await stage.openBrowser('ada'));
  const { keyboard } = page;

  /** Goes on with Tab until the focus is on something of this name. */
  async function tabTo(name: string): Promise<void> {
    for (let i = 0; i < 20; i++) {
      await keyboard.press('Tab');
      const reached = await page.evaluate(() => {
        const { activeElement: focused } = document;
        const labels = focused instanceof HTMLInputElement ? [...(focused.labels ?? [])] : [focused];
        return labels.map((label) => label?.textContent ?? '').join(' ');
      });
      if (reached === name) return;
    }
    assert.fail(`Tab does not lead to ${name}`);
  }

  await stage.step('the first field has the focus, and Enter sends the form', async () => {
    await page.goto(`${service.url}/sign-up`);
    await page.waitForFunction(() => document.activeElement instanceof HTMLInputElement);
    assert.equal(await focusedField(page), 'name');
    await keyboard.type(ADA.name);
    await tabTo('Email');
    await keyboard.type(ADA.email);
    await tabTo('Password');
    await keyboard.type(ADA.password);
    await keyboard.press('Enter');
    await seesAccount(page, ADA);
  });

  await stage.step('Tab leads to the button that signs out', async () => {
    await tabTo('Sign out');
    await keyboard.press('Enter');
    await seesSignIn(page);
  });

  await stage.step('and back in', async () => {
    await page.reload();
    await page.waitForFunction(() => document.activeElement instanceof HTMLInputElement);
    assert.equal(await focusedField(page), 'email');
    await keyboard.type(ADA.email);
    await tabTo('Password');
    await keyboard.type(ADA.password);
    await keyboard.press('Enter');
    await seesAccount(page, ADA);
  });

  await stage.step('the first stop of Tab jumps over what every page repeats', async () => {
    await page.reload();
    await seesAccount(page, ADA);
    await keyboard.press('Tab');
    await keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
  });
});
