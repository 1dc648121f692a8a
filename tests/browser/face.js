// The face of the pages: mark, description, palette, and lists that fit.
// Argument: address of both daemons, with the sample suppliers.
const assert = require('assert');
const { launch } = require('./launch');

const [address] = process.argv.slice(2);
const PAGES = ['/', '/suppliers', '/suppliers/2', '/admin/', '/admin/suppliers',
  '/admin/supplier-add', '/admin/supplier-update/2', '/admin/history',
  '/nothing', '/admin/nothing'];
const LISTS = ['/suppliers', '/admin/suppliers'];
const LAPTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };
const ROWS_MIN = 15;
const LONG = 'The New Coffee Roasters and Grinders of the Old Harbour and Sons';

// A mark, a name, an icon and a description are on every page, of both daemons.
async function checkHead(page, path) {
  const head = await page.evaluate(() => ({
    mark: document.querySelector('.brand img').naturalWidth,
    brand: document.querySelector('.brand').textContent,
    icon: document.querySelector('link[rel=icon]').href,
    description: document.querySelector('meta[name=description]').content,
  }));
  assert.ok(head.mark > 0, `${path}: the mark is not shown`);
  assert.match(head.brand, /^(Manage c|C)offee suppliers$/);
  assert.match(head.description, /suppliers/);
  const icon = await page.request.get(head.icon);
  assert.strictEqual(icon.headers()['content-type'], 'image/svg+xml');
  assert.match(icon.headers()['cache-control'], /immutable/);
}

// Colours in which something is painted that are bluer than they are red.
const blues = () => [...document.querySelectorAll('body, body *')].flatMap(
  (element) => ['color', 'backgroundColor', 'borderTopColor', 'outlineColor',
    'accentColor'].flatMap((property) => {
    const value = getComputedStyle(element)[property];
    const [r, , b, alpha = 1] = (value.match(/[\d.]+/g) || []).map(Number);
    return alpha > 0 && b > r + 8
      ? [`${element.tagName}.${element.className} ${property} ${value}`] : [];
  }));

async function checkPalette(page, path) {
  assert.deepStrictEqual(await page.evaluate(blues), [], path);
  await page.keyboard.press('Tab'); // what has the focus, too
  assert.deepStrictEqual(await page.evaluate(blues), [], path);
}

// Each line of an address on a list ends after "@" or ".", or with it.
const broken = () => [...document.querySelectorAll('td.mail')].flatMap((td) => {
  const walker = document.createTreeWalker(td, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  const faults = [];
  let last, line = '';
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (let i = 0; i < node.length; i++) {
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const { top, height } = range.getBoundingClientRect();
      if (last !== undefined && top > last + height / 2 &&
          !/[@.]$/.test(line)) {
        faults.push(`${line}|${node.data}`);
      }
      if (height) last = top;
      line += node.data[i];
    }
  }
  return faults;
});

async function checkList(page, path) {
  assert.strictEqual(await page.locator('td.mail').count(), 20);
  assert.deepStrictEqual(await page.evaluate(broken), [], path);
  assert.ok(await page.evaluate(() =>
    document.documentElement.scrollWidth <= innerWidth), `${path} is too wide`);
}

// Beside a long name, the other columns keep their words whole.
async function checkWords(page, path) {
  await page.goto(address + path);
  const cut = await page.evaluate((name) => {
    document.querySelector('tbody th').textContent = name;
    const found = [];
    for (const cell of document.querySelectorAll(
      'td[data-label]:not(.mail)')) {
      const text = cell.querySelector('a')?.firstChild ?? cell.firstChild;
      for (const { 0: word, index } of text?.data.matchAll(/[^\s-]+/g) ?? []) {
        const range = document.createRange();
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        const tops = new Set([...range.getClientRects()].map((r) => r.top));
        if (tops.size > 1) found.push(word);
      }
    }
    return found;
  }, LONG);
  assert.deepStrictEqual(cut, [], `${path} cuts words`);
}

// Also above the bar that stays once a box is ticked.
async function checkRows(page, path) {
  const box = page.locator('tbody input').first();
  if (await box.count() > 0) await box.check();
  const rows = await page.locator('tbody tr').evaluateAll((all) => {
    const bar = document.querySelector('.chosen-bar');
    const end = Math.min(innerHeight,
      bar?.getBoundingClientRect().top ?? innerHeight);
    return all.filter((row) => row.getBoundingClientRect().bottom <= end)
      .length;
  });
  assert.ok(rows >= ROWS_MIN, `${path} shows ${rows} rows`);
  if (await box.count() > 0) await box.uncheck();
}

// The heads stay when the list is scrolled, and cover nothing that gets the
// focus on the way back up.
async function checkSticky(page, path) {
  await page.setViewportSize({ width: 1280, height: 500 });
  await page.locator('tbody a').last().focus();
  const top = await page.locator('thead th').first().evaluate((th) =>
    th.getBoundingClientRect().top);
  assert.strictEqual(top, 0, `${path}: the heads are at ${top}`);
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Shift+Tab');
    const gap = await page.evaluate(() => {
      const focus = document.activeElement;
      const head = document.querySelector('thead').getBoundingClientRect();
      return focus.closest('tbody')
        ? focus.getBoundingClientRect().top - head.bottom : 0;
    });
    assert.ok(gap >= 0, `${path}: what has the focus is covered by ${-gap}`);
  }
  await page.setViewportSize(LAPTOP);
}

// Each filter is taken away by its own link; the others stay.
async function checkChips(page, path) {
  await page.goto(`${address}${path}?q=a&city=Ouro+Fino&country=Brasil`);
  const names = () => page.locator('.chip').allInnerTexts();
  assert.deepStrictEqual((await names()).map((name) =>
    name.replace(/^Remove the filter\s*/, '')),
  ['Country: Brasil ×', 'City: Ouro Fino ×']);
  await page.getByRole('link', { name: 'Remove the filter City: Ouro Fino' })
    .click();
  assert.strictEqual(page.url(), `${address}${path}?q=a&country=Brasil`);
  await page.getByRole('link', { name: 'Remove the filter Country: Brasil' })
    .click();
  assert.strictEqual(page.url(), `${address}${path}?q=a`);
  assert.deepStrictEqual(await names(), []);
}

async function main() {
  const browser = await launch();
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport: LAPTOP, colorScheme });
    for (const path of PAGES) {
      await page.goto(address + path);
      await checkHead(page, path);
      await checkPalette(page, path);
    }
    await page.close();
  }
  const page = await browser.newPage({
    viewport: LAPTOP, javaScriptEnabled: false, reducedMotion: 'reduce',
  });
  for (const path of LISTS) {
    await page.goto(address + path);
    await checkList(page, path);
    await checkRows(page, path);
    await checkWords(page, path);
    await checkWords(page, `${path}?country=Deutschland`);
    await page.goto(address + path);
    await checkSticky(page, path);
    await page.setViewportSize(PHONE);
    await checkList(page, path);
    await page.setViewportSize(LAPTOP);
    await checkChips(page, path);
  }
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
