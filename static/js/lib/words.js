// Words in the language of the page: `gettext("Send")`, `ngettext("{count} reply", "{count} replies", 3)`.
// Called by: whatever says something. The catalog is a module of its own that pages in English do not load.
// Keeps true: sentences come whole and `{name}`s are filled in; whole numbers are grouped; rows that the server sends
//   to everybody in English (data-t, from the template tag `say`) are said again in the language of who looks.

const page = globalThis.document?.documentElement;
const catalog = page && "catalog" in page.dataset ? (await import("parley/catalog")).default : null;
const ATTRIBUTES = ["title", "aria-label", "placeholder"];
const SAID = ["[data-t]", ...ATTRIBUTES.map((name) => `[data-t-${name}]`)].join();

/** The locale for Intl: the reader's own variant of the page's language (en-GB), else that language. */
export const locale = variant(page?.lang || "en", globalThis.navigator?.languages ?? []);

const figures = new Intl.NumberFormat(locale);

export function gettext(sentence, values) {
  const said = catalog?.words[sentence] ?? sentence;
  return fill(Array.isArray(said) ? said[catalog.plural(1)] : said, values);
}

/** The form for so many; `{count}` is the number itself. */
export function ngettext(one, many, count, values = {}) {
  const forms = catalog?.words[one];
  const form = forms ? forms[catalog.plural(count)] : count === 1 ? one : many;
  return fill(form, { count, ...values });
}

export function number(value) {
  return figures.format(value);
}

/** Says a row again that came in English. */
export function say(root) {
  if (!catalog) return;
  if (root.matches(SAID)) again(root);
  for (const node of root.querySelectorAll(SAID)) again(node);
}

function again(node) {
  if (node.hasAttribute("data-t")) node.textContent = phrase(node, "data-t");
  for (const name of ATTRIBUTES) {
    if (node.hasAttribute(`data-t-${name}`)) node.setAttribute(name, phrase(node, `data-t-${name}`));
  }
}

function phrase(node, key) {
  const sentence = node.getAttribute(key);
  const many = node.getAttribute(`${key}-plural`);
  const values = JSON.parse(node.getAttribute(`${key}-with`) ?? "{}");
  return many ? ngettext(sentence, many, values.count, values) : gettext(sentence, values);
}

function fill(sentence, values) {
  if (!values) return sentence;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? shown(name, values[name]) : whole));
}

/** As workspace.languages does: whole numbers are grouped, and what is called `…_at` is a moment. */
function shown(name, value) {
  if (name.endsWith("_at")) return moment(value);
  return Number.isInteger(value) ? number(value) : value;
}

function moment(iso) {
  const at = new Date(iso);
  const day = new Intl.DateTimeFormat(locale, { year: "numeric", month: "long", day: "numeric", timeZone: "UTC" });
  return `${day.format(at)} ${at.toISOString().slice(11, 16)} UTC`;
}

function variant(language, mine) {
  const wanted = new Intl.Locale(language).maximize();
  const isAlike = (each) => {
    const { language: tongue, script } = new Intl.Locale(each).maximize();
    return tongue === wanted.language && script === wanted.script;
  };
  return mine.find(isAlike) ?? language;
}
