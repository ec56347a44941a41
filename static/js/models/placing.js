// Where a Space stands in one's own sidebar: moved by the menu, or by dragging it to another heading.
// Called by: place-menu, space-links. Keeps true: the server tells every tab of the person, this one too.
import { post } from "parley/lib/http";

/** `favourite` (true or false), or `section`: its id, "" for none. */
export function move(space, { favourite, section }) {
  const asked =
    favourite === undefined
      ? post(`/spaces/${space}/section/`, { section })
      : post(`/spaces/${space}/favourite/`, { on: favourite ? "on" : "" });
  return asked.catch(() => {}); // the sidebar stays as it is, which says so
}

/** Lets places be dragged within `root` until `signal` aborts. */
export function drags(root, signal) {
  let space = null;
  const groupOf = ({ target }) => space && target.closest?.("details:not([data-group=directs])");
  const over = (group) => {
    for (const each of root.querySelectorAll("details")) each.toggleAttribute("data-over", each === group);
  };
  const on = (type, hear) => root.addEventListener(type, hear, { signal });
  on("dragstart", (event) => {
    const place = event.target.closest?.("[data-place]");
    space = place?.closest("details:not([data-group=directs])") ? place.dataset.place : null;
  });
  on("dragover", (event) => {
    const group = groupOf(event);
    if (group) event.preventDefault();
    over(group);
  });
  on("drop", (event) => {
    const group = groupOf(event);
    if (!group) return;
    event.preventDefault();
    const { group: name, sectionId } = group.dataset;
    move(space, name === "favourites" ? { favourite: true } : { section: sectionId ?? "" });
  });
  on("dragend", () => {
    space = null;
    over(null);
  });
}
