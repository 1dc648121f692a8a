// A page as screen readers have it: the accessibility tree that Chromium makes
// of it, as text to read, and what is wrong with it.

// Roles that are of no use without a name, and those that a page has once
// unless each has a name of its own.
const NAMED = ['link', 'button', 'textbox', 'searchbox', 'combobox', 'checkbox',
  'radio', 'group', 'radiogroup', 'table', 'image', 'Date', 'progressbar',
  'DisclosureTriangle', 'navigation', 'region', 'heading', 'listbox'];
const LANDMARKS = ['banner', 'main', 'contentinfo', 'navigation', 'search',
  'form', 'region', 'complementary'];
const ONCE = ['banner', 'main', 'navigation'];
const QUIET = ['none', 'generic', 'InlineTextBox', 'LineBreak', 'LabelText',
  'paragraph'];
const SHOWN = ['level', 'url', 'checked', 'expanded', 'invalid', 'busy'];
const MARKS = /[▸▾▲▼→×]/; // for the eye

function walkTree(nodes) {
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const found = [];
  const visit = (node, depth) => {
    const role = node.role?.value;
    const heard = !node.ignored && !QUIET.includes(role);
    if (heard) {
      const properties = Object.fromEntries((node.properties || [])
        .map((p) => [p.name, p.value.value]));
      found.push({ role, depth, name: node.name?.value || '',
        description: node.description?.value, value: node.value?.value,
        ...properties });
    }
    for (const id of node.childIds || []) {
      if (byId.has(id)) visit(byId.get(id), heard ? depth + 1 : depth);
    }
  };
  visit(nodes[0], 0);
  return found;
}

function asText(found) {
  return found.filter((node, n) => node.role !== 'StaticText' ||
    node.name !== found[n - 1].name).map((node) => {
    const more = SHOWN.filter((name) => node[name] !== undefined &&
      node[name] !== 'false').map((name) => `${name}=${node[name]}`);
    return [' '.repeat(node.depth) + node.role, JSON.stringify(node.name),
      node.description && `(${node.description})`,
      node.value !== undefined && `= ${node.value}`, ...more]
      .filter(Boolean).join(' ');
  }).join('\n');
}

// The same name twice, for two things.
function twice(nodes, what) {
  const first = new Map();
  return nodes.filter((node) => {
    const before = first.get(node.name);
    first.set(node.name, before ?? node);
    return before !== undefined && what(before) !== what(node);
  });
}

// A title begins with what the page is: its heading, part of it, or the same
// words without the name; what is searched for is more than "Suppliers found".
function says(title, heading) {
  const [begin] = title.toLowerCase().replace(/^error: /, '').split(' – ');
  const whole = heading.toLowerCase();
  return whole.includes(begin) || begin.split(' ')[0] === whole.split(' ')[0] ||
    (whole.endsWith('found') && / ?supplier search – /i.test(title));
}

function* faults(found, title) {
  const of = (...roles) => found.filter(({ role }) => roles.includes(role));
  for (const { role } of of(...NAMED).filter((node) => !node.name.trim() &&
    found[found.indexOf(node) + 1]?.role !== 'DisclosureTriangle')) {
    yield `a ${role} has no name`;
  }
  for (const { role, name } of found.filter((node) => MARKS.test(node.name) &&
    node.role !== 'StaticText')) {
    yield `${role} is called by its mark: ${name}`;
  }
  for (const role of LANDMARKS) {
    // a form without a name is no landmark
    const all = of(role).filter(({ name }) => name || role !== 'form');
    if (ONCE.includes(role) && all.length === 0) yield `there is no ${role}`;
    if (new Set(all.map(({ name }) => name)).size < all.length) {
      yield `${all.length} times ${role}: ${all.map(({ name }) => name)}`;
    }
  }
  const headings = of('heading');
  const [main] = headings.filter(({ level }) => level === 1);
  if (headings.filter(({ level }) => level === 1).length !== 1) {
    yield 'there is not one heading of level 1';
  } else if (!says(title, main.name)) {
    yield `“${title}” is not about “${main.name}”`;
  }
  let last = 0;
  for (const { level, name } of headings) {
    if (level > last + 1) yield `“${name}”: level ${level} after ${last}`;
    last = level;
  }
  // Of changes within a minute, their place in the list tells more.
  for (const { name } of twice(of('link'), ({ url }) => url.split('#')[0])
    .filter((link) => !/\d\d:\d\d/.test(link.name))) {
    yield `links with the name “${name}” lead to several places`;
  }
  for (const { name } of twice(of('button'), (node) => node)) {
    yield `two buttons have the name “${name}”`;
  }
}

// In the browser: what the tree does not say.
function outsideTree() {
  const wrong = [];
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  for (const id of ids.filter((one, n) => ids.indexOf(one) !== n)) {
    wrong.push(`the id ${id} is there twice`);
  }
  for (const table of document.querySelectorAll('table')) {
    const heads = [...table.querySelectorAll('th')];
    if (heads.some((th) => !th.scope) ||
        !heads.some((th) => th.scope === 'col')) {
      wrong.push('a table has heads without a scope');
    }
    if ([...table.querySelectorAll('tbody tr')].some((row) =>
      !row.querySelector('th[scope=row]'))) {
      wrong.push('a row has no head');
    }
  }
  return wrong;
}

async function readTree(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  const found = walkTree(nodes);
  return { text: asText(found),
    wrong: [...faults(found, await page.title()),
      ...await page.evaluate(outsideTree)] };
}

module.exports = { readTree };
