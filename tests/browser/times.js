// Times in the zone of the reader, who may leave the page open. Arguments:
// address of both daemons, a path for each page that has times.
const assert = require('assert');
const { launch } = require('./launch');

const [address, ...paths] = process.argv.slice(2);
const HOUR_MS = 3600 * 1000;
const TOKYO_MS = 9 * HOUR_MS;
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July',
  'August', 'September', 'October', 'November', 'December'];

function inWords(at, offset, zone) {
  const there = new Date(at.getTime() + offset);
  const two = (number) => String(number).padStart(2, '0');
  return `${there.getUTCDate()} ${MONTHS[there.getUTCMonth()]} ` +
    `${there.getUTCFullYear()}, ${two(there.getUTCHours())}:` +
    `${two(there.getUTCMinutes())} ${zone}`;
}

// The page that follows is there as a whole: its scripts have run.
async function press(page, button) {
  await Promise.all([page.waitForNavigation(), page.click(button)]);
}

// Makes a latest import.
async function importRows(plain) {
  await plain.goto(`${address}/admin/import`);
  await plain.fill('#text', 'name,address,city,country\nA,B,C,Chile');
  await press(plain, 'button:has-text("Show what would change")');
}

// The page of a clash answers a POST, two and a half hours later.
async function clash(plain, page) {
  const form = `${address}/admin/supplier-update/4`;
  await page.goto(form);
  await plain.goto(form);
  await plain.fill('#city', 'Theirs');
  await press(plain, 'button:text-is("Save")');
  await page.clock.setSystemTime(Date.now() + 2.5 * HOUR_MS);
  await page.fill('#city', 'Mine');
  await press(page, 'button:text-is("Save")');
  const shown = page.locator('.summary time');
  const at = new Date(await shown.getAttribute('datetime'));
  assert.strictEqual(await shown.textContent(),
    `${inWords(at, TOKYO_MS, 'GMT+9')} (2 hours ago)`, 'clash');
}

async function main() {
  const browser = await launch();
  const plain = await browser.newPage({ javaScriptEnabled: false });
  const page = await browser.newPage({ timezoneId: 'Asia/Tokyo' });
  await page.clock.install();
  await importRows(plain);
  await clash(plain, page);
  for (const path of paths) {
    await plain.goto(address + path);
    const time = plain.locator('main time').first();
    const at = new Date(await time.getAttribute('datetime'));
    assert.strictEqual(await time.textContent(), inWords(at, 0, 'UTC'), path);
    const exact = inWords(at, TOKYO_MS, 'GMT+9');
    // a time in the name of a link, which is not seen, says no more
    const hidden = page.locator('main .visually-hidden time').first();
    const shown = page.locator('main time:not(.visually-hidden *)').first();
    for (const [later, ago] of [[-5000, 'less than a minute ago'],
      [61000, '1 minute ago'], [3.5 * HOUR_MS, '3 hours ago'],
      [49 * HOUR_MS, '2 days ago']]) {
      await page.clock.setSystemTime(at.getTime() + later);
      await page.goto(address + path);
      assert.strictEqual(await shown.textContent(), `${exact} (${ago})`, path);
    }
    if (await hidden.count() > 0) {
      assert.doesNotMatch(await hidden.textContent(), /ago/, path);
    }
    await page.clock.fastForward(24 * HOUR_MS);
    assert.strictEqual(await shown.textContent(), `${exact} (3 days ago)`,
      `${path} is not renewed`);
  }
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
