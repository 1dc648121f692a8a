// Lists on paper: the same from every list, no word broken, and few sheets.
// Arguments: address, how many suppliers there are, the most sheets they take.
const assert = require('assert');
const { Walk } = require('./walk');

const [address, all, sheets] = process.argv.slice(2);
const walk = new Walk({ address, scripts: true, looks: false });
const A4 = { width: 794, height: 1123 }; // CSS pixels
const LIST = '/suppliers?q=morning+roastery+brest';

async function pages(page) {
  const paper = await page.pdf({ format: 'A4', preferCSSPageSize: true });
  return paper.toString('latin1').split('/Type /Page\n').length - 1;
}

async function onPaper(page) {
  await page.setViewportSize(A4);
  await page.emulateMedia({ media: 'print' });
}

// The entries as they are read, and their size. Commas may come from styles.
function entries(page) {
  return page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => {
    const { width, height } = row.getBoundingClientRect();
    return [row.innerText.replace(/[\s,]+/g, ''), width, height];
  }));
}

// Words that begin on one line and end on another. Those wider than a column
// of 8 cm have to; what has a hyphen is two words, except in an address.
function broken(page) {
  return page.evaluate((width) => {
    const words = [];
    const walker = document.createTreeWalker(document.querySelector('tbody'),
      NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { currentNode: node } = walker;
      const word = node.parentElement.closest('[data-label="E-mail"]')
        ? /\S+/g : /[^\s-]+/g;
      for (const { 0: text, index } of node.data.matchAll(word)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + text.length);
        const lines = [...range.getClientRects()].filter((r) => r.width);
        const total = lines.reduce((sum, r) => sum + r.width, 0);
        if (new Set(lines.map((r) => Math.round(r.top))).size > 1 &&
            total < width) words.push(text);
      }
    }
    return words;
  }, 300);
}

async function sameFromEveryList(page) {
  await onPaper(page);
  await page.goto(address + LIST.replace('?', '/print?'));
  const printed = await entries(page);
  assert.ok(printed.length > 10 && printed.length <= 200, printed.length);
  for (const path of [`${LIST}&per=200`, `/admin${LIST}&per=200`]) {
    await page.goto(address + path);
    assert.deepStrictEqual(await entries(page), printed, path);
    assert.deepStrictEqual(await broken(page), [], path);
    for (const part of ['nav', 'form', 'thead', '.paging', '#part']) {
      for (const some of await page.locator(part).all()) {
        assert.ok(!await some.isVisible(), `${path} prints ${part}`);
      }
    }
  }
  for (const path of [LIST, `/admin${LIST}`]) { // one page of two
    await page.goto(`${address}${path}&per=10`);
    assert.ok(await page.locator('#part').isVisible(), path);
  }
}

// The page has to be told before the key is pressed: the first evaluate() on a
// page takes longer than that, and the real print() never returns.
async function press(page) {
  await page.evaluate(() => {
    window.printed = new Promise((resolve) => {
      window.print = resolve;
    });
  });
  await page.keyboard.press('Control+p');
  await page.evaluate(() => window.printed);
}

// Ctrl+P on one page of a list prints all of it.
async function ctrlP(page) {
  await page.emulateMedia({ media: null });
  await page.goto(`${address}/suppliers?page=3`);
  const shown = await page.innerText('main');
  await press(page);
  await onPaper(page);
  assert.strictEqual(await page.locator('tbody tr').count(), Number(all));
  assert.ok(!await page.locator('#part').isVisible());
  const here = await entries(page);
  assert.deepStrictEqual(await broken(page), []);
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  await page.emulateMedia({ media: null });
  assert.strictEqual(await page.innerText('main'), shown);
  await page.goto(`${address}/suppliers/print`);
  await onPaper(page);
  assert.deepStrictEqual(here, await entries(page));
}

// Without an answer it prints what is there, and says that it is a part.
async function withoutAnswer(page) {
  await page.emulateMedia({ media: null });
  await page.goto(`${address}/suppliers`);
  await page.route('**/suppliers/print', (route) => route.abort());
  await press(page);
  await onPaper(page);
  assert.strictEqual(await page.locator('tbody tr').count(), 50);
  assert.ok(await page.locator('#part').isVisible());
}

async function few(page) {
  await page.goto(`${address}/suppliers/print`);
  const count = await pages(page);
  console.log(`${all} suppliers: ${count} sheets`);
  assert.ok(count <= sheets, `${count} sheets`);
}

async function main() {
  await walk.open();
  const page = await walk.person();
  await few(page);
  await sameFromEveryList(page);
  await ctrlP(page);
  await withoutAnswer(page);
  walk.complaints = walk.complaints.filter((text) =>
    !/ERR_FAILED/.test(text)); // of the request that was aborted
  await walk.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
