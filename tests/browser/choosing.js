// Many suppliers at once, by keyboard alone: chosen on the list, previewed,
// changed, undone; the database away and back. Arguments: address, on|off
// (JavaScript), folder for screenshots, address that stops (/stop) and starts
// (/start) the database.
const assert = require('assert');
const { control } = require('./control');
const { Walk } = require('./walk');

const [address, scripts, folder, switches] = process.argv.slice(2);
const walk = new Walk({
  address, folder, scripts: scripts === 'on', looks: scripts === 'on',
});

async function says(page, text) {
  try {
    await page.locator('main', { hasText: text }).waitFor({ timeout: 15000 });
  } catch (error) {
    const all = await page.locator('main').innerText();
    assert.fail(`${page.url()} does not say: ${text}\n${all}`);
  }
}

// Tab until the element has the focus, which has to be in sight.
async function tab(page, selector) {
  const wanted = page.locator(selector).first();
  for (let i = 0; i < 400; i += 1) {
    await page.keyboard.press('Tab');
    if (await wanted.evaluate((e) => e === document.activeElement)) {
      assert.ok(await wanted.evaluate((e) => {
        const box = e.getBoundingClientRect();
        const top = document.elementFromPoint(box.x + box.width / 2,
          box.y + box.height / 2);
        return top !== null && (e.contains(top) || top.contains(e));
      }), `${selector} is covered`);
      return;
    }
  }
  assert.fail(`no way to ${selector} by keyboard`);
}

async function press(page, selector, key = 'Enter') {
  await tab(page, selector);
  await page.keyboard.press(key);
}

async function go(page, selector) {
  await tab(page, selector);
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
}

const box = (n) => `tbody tr:nth-child(${n}) input[name="supplier"]`;
const rows = (page) => page.locator('tbody tr').count();

async function chooseAll(page) {
  await page.goto(`${address}/admin/suppliers`);
  const all = page.locator('.chosen-all input');
  if (scripts === 'off') {
    assert.strictEqual(await all.count(), 0);
    return;
  }
  await press(page, '.chosen-all input', 'Space');
  const count = await rows(page);
  assert.strictEqual(await page.locator(`${box(1)}:checked`).count(), 1);
  await says(page, `${count} chosen`);
  await page.locator(box(2)).focus();
  await page.keyboard.press('Space');
  await says(page, `${count - 1} chosen`);
  assert.ok(await all.evaluate((e) => e.indeterminate));
  await all.focus();
  await page.keyboard.press('Space');
  await says(page, `${count} chosen`);
  await page.keyboard.press('Space');
  assert.strictEqual(await page.locator('input:checked').count(), 0);
}

async function chooseTwo(page) {
  await page.goto(`${address}/admin/suppliers`);
  await press(page, box(1), 'Space');
  await press(page, box(3), 'Space');
}

async function set(page) {
  await chooseTwo(page);
  await walk.look(page, 'chosen-list');
  await go(page, 'button:has-text("Set one field")');
  await says(page, 'Set one field of 2 suppliers');
  await walk.look(page, 'chosen-set');
  await go(page, 'button:has-text("Preview")');
  await says(page, 'Choose which field to set');
  await walk.look(page, 'chosen-set-faulty');
  await tab(page, '#field');
  await page.keyboard.type('City');
  await tab(page, '#value');
  await page.keyboard.type('Nowhere');
  await go(page, 'button:has-text("Preview")');
  await says(page, 'Change 2 suppliers?');
  assert.strictEqual(
    await page.locator('ins', { hasText: 'Nowhere' }).count(), 2);
  await walk.look(page, 'chosen-preview');
  await go(page, 'button:has-text("Change 2 suppliers")');
  await says(page, 'Changed 2 suppliers at once.');
  assert.strictEqual(
    await page.locator('td', { hasText: 'Nowhere' }).count(), 2);
  await walk.look(page, 'chosen-done');
  await go(page, '.done button');
  await says(page, 'Restored 2 suppliers at once.');
  assert.strictEqual(
    await page.locator('td', { hasText: 'Nowhere' }).count(), 0);
}

async function end(page) {
  await chooseTwo(page);
  await go(page, 'button:has-text("Set one field")');
  await tab(page, 'input[value="set"]');
  await page.keyboard.press('ArrowDown');
  await go(page, 'button:has-text("Preview")');
  await says(page, 'Say why it no longer supplies');
  await walk.look(page, 'chosen-end-faulty');
  await tab(page, '#ended_reason');
  await page.keyboard.type('closed down');
  await go(page, 'button:has-text("Preview")');
  await says(page, "Customers won't see them any more");
  await go(page, 'button:has-text("Change the setting")');
  assert.strictEqual(await page.inputValue('#ended_reason'), 'closed down');
  await go(page, 'button:has-text("Preview")');
  await go(page, 'button:has-text("Change 2 suppliers")');
  await page.goto(`${address}/admin/suppliers?ended=only`);
  assert.strictEqual(await rows(page), 2);
  await page.goto(`${address}/admin/history`);
  await walk.look(page, 'chosen-history');
  await go(page, 'a:has-text("Undo all of it")');
  await walk.look(page, 'chosen-undo');
  await go(page, 'button:has-text("Undo 2 changes")');
  await page.goto(`${address}/admin/suppliers?ended=only`);
  assert.strictEqual(await rows(page), 0);
}

async function remove(page) {
  await page.goto(`${address}/admin/suppliers`);
  const before = await rows(page);
  await chooseTwo(page);
  await go(page, 'button:has-text("Delete chosen")');
  await says(page, 'Delete 2 suppliers?');
  await walk.look(page, 'chosen-delete');
  await control(switches, 'stop');
  await go(page, 'button:has-text("Delete 2 suppliers")');
  await says(page, 'The database is not answering right now.');
  assert.strictEqual(await page.locator('li.entry').count(), 2);
  await walk.look(page, 'chosen-away');
  await control(switches, 'start');
  await go(page, 'button:has-text("Delete 2 suppliers")');
  await says(page, 'Deleted 2 suppliers at once.');
  assert.strictEqual(await rows(page), before - 2);
  await go(page, '.done button');
  await says(page, 'Restored 2 suppliers at once.');
  assert.strictEqual(await rows(page), before);
}

async function main() {
  await walk.open();
  const page = await walk.person();
  await chooseAll(page);
  await set(page);
  await end(page);
  await remove(page);
  await page.goto(`${address}/admin/suppliers`);
  await go(page, 'button:has-text("Delete chosen")');
  await says(page, 'You have not chosen any suppliers.');
  await walk.look(page, 'chosen-none');
  await walk.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
