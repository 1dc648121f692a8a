// Posts that arrive without the fields which say where they are from: refused,
// and continued from the page that has what was chosen. Arguments: address of a
// proxy that takes the fields from the first post to each page, on|off
// (JavaScript), folder for screenshots.
const assert = require('assert');
const { Walk } = require('./walk');

const [address, scripts, folder] = process.argv.slice(2);
const walk = new Walk({
  address, folder, scripts: scripts === 'on', looks: scripts === 'on',
});

const says = (page, text) =>
  page.locator('main', { hasText: text }).waitFor({ timeout: 15000 });

async function press(page, words) {
  await Promise.all([page.waitForNavigation(),
    page.locator('main').locator('button, a', { hasText: words }).first()
      .click()]);
}

async function refused(page, name, continues) {
  await says(page, 'did not say which site this form came from');
  await walk.look(page, name);
  await press(page, continues);
}

const changed = (page) => page.locator('td', { hasText: 'Nowhere' }).count();

async function chosen(page) {
  await page.goto(`${address}/admin/suppliers`);
  for (const n of [1, 2, 4]) {
    await page.check(`tbody tr:nth-child(${n}) input[name="supplier"]`);
  }
  await press(page, 'Set one field');
  await refused(page, 'refused-choice', 'Continue');
  await says(page, 'Set one field of 3 suppliers');
  await page.selectOption('#field', { label: 'City' });
  await page.fill('#value', 'Nowhere <b>');
  await press(page, 'Preview');
  await says(page, 'Change 3 suppliers?');
  await press(page, 'Change 3 suppliers');
  await refused(page, 'refused-change', 'Continue to the preview');
  await says(page, 'Change 3 suppliers?');
  assert.strictEqual(
    await page.locator('ins', { hasText: 'Nowhere <b>' }).count(), 3);
  await press(page, 'Change 3 suppliers');
  await says(page, 'Changed 3 suppliers at once.');
  assert.strictEqual(await changed(page), 3);
}

async function undone(page) {
  await press(page, 'Undo');
  await refused(page, 'refused-undo', 'Continue');
  await press(page, 'Undo 3 changes');
  await says(page, 'Restored 3 suppliers at once.');
  assert.strictEqual(await changed(page), 0);
}

async function main() {
  await walk.open();
  const page = await walk.person();
  await chosen(page);
  await undone(page);
  await walk.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
