// All that customers do, with keys alone. Arguments: address, on|off
// (JavaScript).
const assert = require('assert');
const { Keys } = require('./keys');
const { Walk } = require('./walk');

const [address, scripts] = process.argv.slice(2);
const walk = new Walk({ address, scripts: scripts === 'on', looks: false });
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 740 };
// Scripts change neither the order nor the styles: without them, one direction
// and one width are enough.
const all = walk.scripts || Boolean(process.env.CAFE_LONG);
// As many rows as fill a window; each has some stops.
const LIST = `${address}/suppliers?per=15`;
const names = (page) => page.locator('tbody th').allInnerTexts();

async function search(page, keys) {
  await page.goto(address);
  await keys.round();
  await keys.write('#q', 'colibri');
  await Promise.all([
    page.waitForEvent('load'), page.keyboard.press('Enter')]);
  assert.match(page.url(), /\/suppliers\?q=colibri/);
  assert.deepStrictEqual(await names(page), ['Finca El Colibrí']);
  await keys.go('.search-clear a');
}

// The list follows the boxes with scripts; "Show" is for all.
async function filter(page, keys) {
  await page.goto(LIST);
  await keys.round();
  await keys.press('#filters summary');
  await keys.choose('#country', 'Deutschland');
  await keys.write('#city', 'koln');
  if (walk.scripts) await page.locator('.chip').nth(1).waitFor();
  await keys.go('.search-more button');
  assert.match(page.url(), /country=Deutschland.*city=koln/);
  assert.strictEqual(await page.locator('.chip').count(), 2);
  const found = await names(page);
  assert.ok(found.length > 0 && found.every((name) => name.includes('Roast')));
  await keys.round();
  await keys.go('.chip:has-text("City")');
  assert.strictEqual(await page.locator('.chip').count(), 1);
  assert.strictEqual(await page.inputValue('#city'), '');
}

async function turn(page, keys) {
  await page.goto(LIST);
  const [first] = await names(page);
  await keys.go('a[rel=next]');
  assert.ok(!(await names(page)).includes(first));
  await keys.round();
  await keys.go('a[rel=prev]', 'Enter', true);
  assert.ok((await names(page)).includes(first));
  // the heads of columns are for wide windows; others sort in the form
  if (page.viewportSize().width < 992) return;
  await keys.go('thead a:has-text("City")');
  assert.strictEqual(await page.locator('[aria-sort]').innerText(), 'City');
}

async function download(page, keys, selector) {
  await keys.to(selector);
  const [file] = await Promise.all([
    page.waitForEvent('download'), page.keyboard.press('Enter')]);
  return file.suggestedFilename();
}

async function open(page, keys) {
  await page.goto(`${address}/suppliers?q=colibri`);
  await keys.go('tbody th a');
  assert.strictEqual(await page.innerText('h1'), 'Finca El Colibrí');
  await keys.round();
  for (const way of ['Call', 'E-mail', 'Show on a map']) {
    await keys.to(`.reach a:has-text("${way}")`);
  }
  assert.strictEqual(await download(page, keys, 'a:has-text("Save contact")'),
    'Finca El Colibrí.vcf');
  await keys.press('.code summary', 'Space');
  const code = page.locator('.code img');
  await code.evaluate((img) => img.decode());
  assert.ok(await code.isVisible());
  for (const way of ['tel:', 'mailto:']) {
    await keys.to(`.facts a[href^="${way}"]`);
  }
  await keys.go('.reach a:has-text("All suppliers")');
}

async function print(page, keys) {
  const list = `${address}/suppliers?country=Deutschland`;
  await page.goto(list);
  await keys.go('a:text-matches("^Print")');
  assert.ok((await names(page)).length > 20);
  await keys.round();
  await keys.go('a:has-text("Back to the list")');
  assert.strictEqual(page.url(), list);
}

async function main() {
  await walk.open();
  const page = await walk.person();
  const keys = new Keys(page, all);
  for (const size of all ? [WIDE, NARROW] : [WIDE]) {
    await page.setViewportSize(size);
    for (const step of [search, filter, turn, open, print]) {
      await step(page, keys);
    }
  }
  for (const path of ['/nothing', '/suppliers?q=zzzz']) {
    await page.goto(address + path);
    await keys.round();
  }
  await walk.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
