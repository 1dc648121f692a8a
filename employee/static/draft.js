// What was typed in a supplier's form and is not saved, for this tab alone: it
// is there again when the form is opened by a link. (Back needs no script.)
// A draft knows the version that it was typed over. If the supplier has changed
// since, the draft is offered, and the form is based on that version again, so
// that the server notices what both have changed.
const PREFIX = 'supplier-draft:';
const MAX_CHARS = 300000; // of one draft
const MAX_DRAFTS = 20;
const BASE = ['revision', 'revision_at'];

const form = document.getElementById('edit');
let pending = null; // a draft that is offered: kept as it is until then
let sent = false;

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null; // no storage
  }
}

function remove(key) {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // no storage, no draft
  }
}

function all() {
  try {
    return Object.keys(sessionStorage)
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => [key, read(key)])
      .filter(([, draft]) => draft !== null);
  } catch {
    return [];
  }
}

// A draft of which only a part has room would be taken for the whole.
function keep(key, draft) {
  const text = JSON.stringify(draft);
  const others = all().filter(([other]) => other !== key)
    .sort((one, other) => other[1].at - one[1].at);
  for (const [old] of others.slice(MAX_DRAFTS - 1)) remove(old);
  try {
    if (text.length > MAX_CHARS) remove(key);
    else sessionStorage.setItem(key, text);
  } catch {
    remove(key);
  }
}

// After a save: the drafts of what was saved.
function forget(done) {
  for (const [key, draft] of all()) {
    const adds = draft.sent === 'add' && 'added' in done.dataset;
    const changes = draft.sent === 'update' && draft.id === done.dataset.stored;
    if (adds || changes) remove(key);
  }
}

function begin() {
  const key = PREFIX + form.dataset.draft;
  const person = form.dataset.person;
  const answer = 'typed' in form.dataset; // the server has put it there
  const fields = [...form.querySelectorAll('input.form-control, textarea')];
  const hidden = (name) => form.elements.namedItem(name);

  function write() {
    if (pending !== null) return;
    const old = read(key);
    const typed = {};
    for (const { name, value, defaultValue } of fields) {
      const known = answer && (old === null || name in old.fields);
      if (value !== defaultValue || known) typed[name] = value;
    }
    if (Object.keys(typed).length === 0) {
      remove(key);
      return;
    }
    const draft = { at: Date.now(), person, fields: typed, sent: '',
      id: hidden('id')?.value, form_key: hidden('form_key').value };
    for (const name of BASE) {
      const { value } = hidden(name);
      draft[name] = answer && old !== null ? old[name] : value;
    }
    keep(key, draft);
  }

  function use(draft) {
    for (const field of fields) {
      if (field.name in draft.fields) field.value = draft.fields[field.name];
    }
    for (const name of [...BASE, 'form_key']) hidden(name).value = draft[name];
    pending = null;
  }

  const notice = document.createElement('div');
  notice.className = 'warning';
  notice.id = 'draft';
  notice.setAttribute('role', 'status');
  notice.tabIndex = -1;

  function say(text, ...more) {
    const words = document.createElement('p');
    words.textContent = text;
    notice.replaceChildren(words, ...more);
  }

  function button(text, press) {
    const made = document.createElement('button');
    made.type = 'button';
    made.className = 'btn btn-quiet';
    made.textContent = text;
    made.addEventListener('click', () => {
      press();
      notice.focus();
    });
    return made;
  }

  function actions(...buttons) {
    const made = document.createElement('div');
    made.className = 'actions';
    made.append(...buttons);
    return made;
  }

  const discard = () => button('Discard it', () => {
    if (pending === null) form.reset();
    pending = null;
    remove(key);
    say('What you had typed was discarded.');
  });

  function comparison(draft) {
    const list = document.createElement('dl');
    list.className = 'changes';
    for (const field of fields) {
      const text = draft.fields[field.name];
      if (text === undefined || text === field.value) continue;
      const term = document.createElement('dt');
      term.textContent = field.labels[0].textContent;
      const typed = document.createElement('dd');
      typed.className = 'as-typed block';
      typed.dir = 'auto';
      typed.textContent = text === '' ? '(empty)' : text;
      list.append(term, typed);
    }
    return list;
  }

  function restore(draft) {
    use(draft);
    say('What you typed here before is back. It is not saved yet.',
      actions(discard()));
  }

  function offer(draft) {
    pending = { ...draft, held: true };
    keep(key, pending);
    say('You had typed this and not saved it. Somebody has changed the ' +
      'supplier since.', comparison(draft), actions(
      button('Use what I typed', () => restore(draft)), discard()));
  }

  function show() {
    const draft = read(key);
    if (answer && draft?.held) pending = draft; // and another one was typed
    if (draft === null || answer) {
      write();
      return;
    }
    if (fields.every(({ name, defaultValue }) => !(name in draft.fields) ||
        draft.fields[name] === defaultValue)) {
      remove(key); // it has been saved
      write();
      return;
    }
    form.before(notice);
    if (BASE.every((name) => draft[name] === hidden(name).value)) {
      restore(draft);
    } else {
      offer(draft);
    }
  }

  for (const [other, draft] of all()) {
    if (draft.person !== person) remove(other);
  }
  form.addEventListener('input', () => {
    sent = false;
    write();
  });
  form.addEventListener('submit', (event) => {
    write();
    const draft = read(key);
    const to = event.submitter?.getAttribute('formaction') ?? form.action;
    if (pending !== null || draft === null ||
        event.submitter?.name === 'preview') return;
    draft.sent = to.endsWith('/supplier-add') ? 'add' : 'update';
    sent = true;
    keep(key, draft);
  });
  form.querySelector('.actions a').addEventListener('click', () => {
    if (pending === null) remove(key);
    sent = true;
  });
  // By then the browser has put back what it remembers. A page that it has kept
  // whole has what was typed; after a save it is no draft.
  window.addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) show();
    else if (!sent) write();
  });
}

if (form !== null) begin();
for (const done of document.querySelectorAll('[data-stored]')) forget(done);
