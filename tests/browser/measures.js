// What a page shows of itself to the checks of tests/browser/tour.py: widths, outlines, movement, reach by Tab.
// Called by: tour.py, which puts it into every page of its browser. Keeps true: it changes nothing but the focus.
{
  const ACTS = "a[href], button:enabled, input:enabled:not([type=hidden]), select:enabled, textarea:enabled, summary, [contenteditable=true]";
  const ROVING = "[role=menu], [role=grid], [role=listbox], [role=toolbar], [role=tablist], [role=radiogroup]";
  const SCROLLS = "pre, table, math, textarea, [data-scrolls]";

  const shown = (node) => node.checkVisibility({ visibilityProperty: true }) && node.getClientRects().length > 0;
  const reachable = (node) => shown(node) && !node.closest("[inert]") && (!modal() || modal().contains(node));
  const modal = () => [...document.querySelectorAll("dialog:modal")].at(-1);

  function name(node) {
    const words = (node.getAttribute("aria-label") || node.textContent || node.name || "").trim().replace(/\s+/g, " ");
    const classes = [...node.classList].slice(0, 2).map((each) => `.${each}`);
    return `${node.localName}${node.id ? `#${node.id}` : ""}${classes.join("")} "${words.slice(0, 40)}"`;
  }

  /** The nearest box that hides or scrolls what is wider than itself. */
  function clip(node) {
    for (let box = node.parentElement; box && box !== document.body; box = box.parentElement)
      if (getComputedStyle(box).overflowX !== "visible") return box;
    return null;
  }

  /** What is wider than the window, or than the box that scrolls it. */
  function wide() {
    const page = document.documentElement;
    const out = page.scrollWidth > innerWidth ? [`the page is ${page.scrollWidth} px wide in a window of ${innerWidth}`] : [];
    for (const node of document.body.querySelectorAll("*")) {
      if (!shown(node) || node.closest(".unseen, .skip, svg")) continue;
      const box = node.getBoundingClientRect();
      const frame = clip(node);
      const { left, right } = frame?.getBoundingClientRect() ?? { left: 0, right: innerWidth };
      const isCut = box.right > right + 1 || box.left < left - 1;
      if (isCut && (!frame || (node.matches(ACTS) && !frame.closest(SCROLLS)))) out.push(`${name(node)} is cut off`);
      const scrolls = /auto|scroll/.test(getComputedStyle(node).overflowX);
      if (scrolls && node.scrollWidth > node.clientWidth + 1 && !node.closest(SCROLLS) && !node.querySelector(":scope > table"))
        out.push(`${name(node)} scrolls sideways, ${node.scrollWidth} in ${node.clientWidth} px`);
    }
    return out;
  }

  /** What a page must have: one heading of the first level, one main, a language, a title. */
  function bones() {
    const out = [];
    const headings = [...document.querySelectorAll("h1")].filter(shown);
    if (headings.length !== 1) out.push(`${headings.length} headings of the first level: ${headings.map(name)}`);
    const mains = [...document.querySelectorAll("main")].filter(shown);
    if (mains.length !== 1) out.push(`${mains.length} main landmarks`);
    if (!document.documentElement.lang) out.push("no language");
    if (!/Parley/.test(document.title) || document.title.length < 10) out.push(`the title is “${document.title}”`);
    return out;
  }

  const milliseconds = (list) => Math.max(...list.split(",").map((each) => parseFloat(each) * (each.trim().endsWith("ms") ? 1 : 1000)));

  /** What moves for more than a millisecond. */
  function movement() {
    const out = [];
    for (const motion of document.getAnimations()) {
      const { duration } = motion.effect.getComputedTiming();
      if (duration > 1) out.push(`${name(motion.effect.target)} moves for ${duration} ms`);
    }
    for (const node of document.body.querySelectorAll("*"))
      for (const part of [null, "::before", "::after"]) {
        const { transitionDuration, animationDuration, animationName, scrollBehavior } = getComputedStyle(node, part);
        const named = animationName === "none" ? 0 : milliseconds(animationDuration);
        if (Math.max(milliseconds(transitionDuration), named) > 1) out.push(`${name(node)}${part ?? ""} would move`);
        if (scrollBehavior === "smooth") out.push(`${name(node)} scrolls smoothly`);
      }
    return out;
  }

  /** All that one can see of a node that tells whether it has the focus. */
  function look(node) {
    const seen = [];
    const beside = [node.nextElementSibling, ...(node.labels ?? [])];
    for (let box = node, up = 0; box && up < 4; box = box.parentElement, up += 1) beside.push(box);
    for (const each of beside.filter(Boolean))
      for (const part of [null, "::after"]) {
        const { outline, outlineOffset, boxShadow, borderColor, clipPath } = getComputedStyle(each, part);
        seen.push(/^\S+ none|none /.test(outline) ? "" : outline + outlineOffset, boxShadow, borderColor, clipPath);
      }
    return seen.join("|");
  }

  let before = new Map();
  let met = new Map();
  const noted = ({ target }) => met.set(target, look(target));

  /** Begins a walk with Tab at the first thing that one can act on; returns how many there are. */
  function walk() {
    document.activeElement?.blur();
    const all = [...document.querySelectorAll(ACTS)].filter(reachable);
    before = new Map(all.map((node) => [node, look(node)]));
    met = new Map();
    document.addEventListener("focusin", noted, true);
    all.find((node) => node.tabIndex >= 0)?.focus({ focusVisible: true });
    return all.length;
  }

  function isOther(radio) {
    return radio.type === "radio" && [...met.keys()].some((each) => each.type === "radio" && each.name === radio.name);
  }

  /** Ends the walk; tells what was missed. */
  function walked() {
    document.removeEventListener("focusin", noted, true);
    return missed();
  }

  /** What was not reached so far, and what did not show that it was. */
  function missed() {
    const out = [];
    for (const [node, plain] of before) {
      if (!node.isConnected || !reachable(node) || isOther(node) || node.closest("[aria-hidden=true]")) continue;
      if (met.has(node) && met.get(node) === plain) out.push(`${name(node)} does not show the focus`);
      if (!met.has(node) && !(node.tabIndex < 0 && node.closest(ROVING))) out.push(`Tab does not reach ${name(node)}`);
    }
    return out;
  }

  globalThis.measures = { wide, bones, movement, walk, missed, walked };
}
