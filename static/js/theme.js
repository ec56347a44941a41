// Sets the chosen theme before the first paint.
// Called by: templates/base.html, as a plain script in the head. Why: a module would run after the paint.
{
  let theme = null;
  try {
    theme = localStorage.getItem("parley:theme");
  } catch {
    // No storage: the system decides.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}
