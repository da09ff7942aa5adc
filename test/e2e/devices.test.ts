/** One's devices: who is signed out elsewhere is told at the next question, and nobody else is touched. */
import assert from 'node:assert/strict';
import { firstTab } from './harness/browser.ts';
import { signInDirectly, validate } from './harness/direct.ts';
import { ADA, seesAccount, seesSignIn, signIn, signUp } from './harness/person.ts';
import { stageTest } from './harness/stage.ts';

stageTest('a device that is signed out from another one is told so, and no other device is', async (stage) => {
  const service = await stage.startService();
  const laptop = firstTab(await stage.openBrowser('laptop'));
  const phone = firstTab(await stage.openBrowser('phone'));
  const otherDevices = laptop.getByRole('listitem').filter({ hasNotText: 'This device' });
  await laptop.goto(`${service.url}/sign-up`);
  await signUp(laptop, ADA);
  await phone.goto(service.url);
  await signIn(phone, ADA);

  await stage.step('the list shows both devices, and which one this is', async () => {
    await laptop.reload();
    await seesAccount(laptop, ADA);
    assert.equal(await laptop.getByRole('listitem').count(), 2);
    assert.equal(await otherDevices.count(), 1);
    assert.match((await otherDevices.textContent()) ?? '', /on Linux/);
  });

  await stage.step('signing one out removes it from the list and says so', async () => {
    await otherDevices.getByRole('button', { name: /^Sign out/ }).click();
    await laptop.getByText('is signed out.').waitFor();
    assert.equal(await otherDevices.count(), 0);
    const focused = await laptop.evaluate(() => document.activeElement?.textContent);
    assert.equal(focused, 'Devices', 'the focus is at the list, since the button it was on is gone');
  });

  await stage.step('the other device is told at its next question, with the reason', async () => {
    await phone.reload();
    await seesSignIn(phone);
    await phone.getByText('This device was signed out from another device.').waitFor();
    await laptop.reload();
    await seesAccount(laptop, ADA);
  });

  await stage.step('it can come back', async () => {
    await signIn(phone, ADA);
  });

  const third = await signInDirectly(service.url, ADA);

  await stage.step('signing out all others asks first, and the answer can be no', async () => {
    await laptop.reload();
    await seesAccount(laptop, ADA);
    await laptop.getByRole('button', { name: 'Sign out all others' }).click();
    const dialog = laptop.getByRole('dialog', { name: 'Sign out all other devices?' });
    await dialog.waitFor();
    await dialog.getByRole('button', { name: 'Keep them' }).click();
    await dialog.waitFor({ state: 'detached' });
    await laptop.getByRole('button', { name: 'Sign out all others' }).click();
    await laptop.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal((await validate(service.url, third)).body.valid, true);
    assert.equal(await otherDevices.count(), 2);
  });

  await stage.step('confirmed, it leaves this device alone signed in', async () => {
    await laptop.getByRole('button', { name: 'Sign out all others' }).click();
    await laptop.getByRole('button', { name: 'Sign out 2 devices' }).click();
    await laptop.getByText('All other devices are signed out.').waitFor();
    assert.equal(await otherDevices.count(), 0);
    assert.deepEqual((await validate(service.url, third)).body, { valid: false, reason: 'revoked' });
    await phone.reload();
    await seesSignIn(phone);
    await laptop.reload();
    await seesAccount(laptop, ADA);
  });
});
