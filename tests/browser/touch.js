// On a phone, links that call and write are 44 pixels high and wide, with 8
// between them and other links. Argument: address of a customer daemon.
const assert = require('assert');
const { Walk } = require('./walk');

const [address] = process.argv.slice(2);
const walk = new Walk({ address, scripts: true, looks: false });
const REACH = 'a[href^="tel:"], a[href^="mailto:"]';

async function targets(page, path) {
  await page.goto(address + path);
  const all = await page.locator('main').locator('a, button, summary')
    .evaluateAll((links, reach) => links.filter((a) => a.checkVisibility())
      .map((a) => {
        const { left, right, top, bottom } = a.getBoundingClientRect();
        return { left, right, top, bottom, reach: a.matches(reach),
          text: a.innerText };
      }), REACH);
  const found = all.filter((a) => a.reach);
  assert.ok(found.length >= 2, `${path}: ${found.length}`);
  for (const a of found) {
    assert.ok(a.right - a.left >= 44 && a.bottom - a.top >= 44,
      `${path}: ${JSON.stringify(a)}`);
    assert.ok(a.right <= page.viewportSize().width, a.text);
    for (const b of all.filter((other) => other !== a)) {
      const apart = Math.max(a.left - b.right, b.left - a.right,
        a.top - b.bottom, b.top - a.bottom);
      assert.ok(apart >= 8, `${path}: ${apart} px: ${a.text} | ${b.text}`);
    }
  }
}

async function main() {
  await walk.open();
  const page = await walk.person();
  for (const width of [320, 390, 768]) {
    await page.setViewportSize({ width, height: 844 });
    for (const path of ['/suppliers', '/suppliers/1', '/suppliers/2']) {
      await targets(page, path);
    }
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${address}/suppliers/1`);
  await page.click('summary');
  await page.locator('.code img').evaluate((img) => img.decode());
  await walk.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
