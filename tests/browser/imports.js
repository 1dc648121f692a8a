// An import as an employee sees it: under way, paused, gone on with, done,
// undone; with and without scripts the page follows by itself.
// Arguments: address, on|off (JavaScript), folder for screenshots, key of the
// import, address that holds (/hold) the import and lets it go (/release).
const assert = require('assert');
const { control } = require('./control');
const { Walk } = require('./walk');

const [address, scripts, folder, key, switches] = process.argv.slice(2);
const walk = new Walk({
  address, folder, scripts: scripts === 'on', looks: scripts === 'on',
});
const turn = (what) => control(switches, what);
const path = `/admin/import/${key}`;

async function says(page, text) {
  try {
    await page.locator('main', { hasText: text }).waitFor({ timeout: 30000 });
  } catch (error) {
    assert.fail(`${page.url()} does not say: ${text}\n${
      await page.locator('body').innerText()}`);
  }
}

async function running(page) {
  await turn('hold');
  await turn('run');
  await page.goto(address + path);
  await says(page, /250 of \d+ rows imported/);
  assert.strictEqual(await page.locator('progress').evaluate((bar) =>
    bar.value), 250);
  await walk.look(page, 'import-running');
  await says(page, 'Nothing has been imported for');
  await walk.look(page, 'import-quiet');
}

async function paused(page) {
  await page.click('button:text-is("Pause")');
  await says(page, 'Import paused');
  await walk.look(page, 'import-paused');
  await cancelled(page);
  await page.goto(`${address}/admin/suppliers`);
  await page.goBack();
  await page.click('button:text-is("Resume")');
  await says(page, /250 of \d+ rows imported/);
}

async function done(page) {
  let loads = 0;
  page.on('load', () => { loads += 1; });
  await turn('edit');
  await turn('release');
  await says(page, 'Import done');
  if (scripts === 'on') assert.strictEqual(loads, 1);
  await says(page, 'Somebody has changed this supplier since the preview');
  await walk.look(page, 'import-done');
  const [table] = await Promise.all([
    page.waitForEvent('download'),
    page.click('text=Save these rows as a table'),
  ]);
  assert.strictEqual(table.suggestedFilename(), 'faulty.csv');
}

async function undone(page) {
  await turn('hold');
  await page.click('button:text-is("Undo this import")');
  await says(page, 'Undoing the import');
  await says(page, /250 of \d+ rows undone/);
  await walk.look(page, 'import-undoing');
  await turn('edit');
  await turn('release');
  await says(page, 'Import undone');
  await says(page, 'Somebody has changed this supplier since the import');
  await says(page, 'Rows that were not imported or not undone');
  await walk.look(page, 'import-undone');
}

async function cancelled(page) {
  await turn('cancel');
  await page.goto(address + path);
  await says(page, 'Import cancelled');
  await walk.look(page, 'import-cancelled');
  await turn('pause');
  await page.goto(address + path);
  await says(page, 'Import paused');
}

async function reading(page) {
  await turn('read');
  await page.goto(address + path);
  await says(page, 'Its rows are being compared');
  await walk.look(page, 'import-reading');
  await turn('break');
  await says(page, 'Reading stopped too early');
  await walk.look(page, 'import-broken-off');
}

async function main() {
  await walk.open();
  const page = await walk.person();
  await reading(page);
  await running(page);
  await paused(page);
  await done(page);
  await undone(page);
  await walk.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
