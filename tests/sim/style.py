# SPDX-License-Identifier: ISC
"""The look of our two pages. Deliberately not Spotify's: nobody should learn
to type a password into a page that only resembles theirs."""

STYLE = """
:root { color-scheme: light dark; --paper: #f4f1ec; --card: #fffdf9;
  --ink: #23201c; --soft: #6b645b; --line: #ddd6cb; --accent: #5b3fa8;
  --accent-ink: #fff; --note: #ffe9a8; --note-ink: #4a3600; }
@media (prefers-color-scheme: dark) { :root { --paper: #17161a;
  --card: #211f26; --ink: #efecf5; --soft: #a8a2b4; --line: #39353f;
  --accent: #b9a3ff; --accent-ink: #1c1430; --note: #4a3a08;
  --note-ink: #ffe9a8; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
.banner { margin: 0; padding: .6rem 1rem; text-align: center;
  background: var(--note); color: var(--note-ink); font-size: .95rem;
  text-wrap: balance; }
main { max-width: 30rem; margin: 2.5rem auto; padding: 2rem;
  background: var(--card); border: 1px solid var(--line);
  border-radius: 16px; }
h1 { margin: 0 0 1.25rem; font-size: 1.45rem; line-height: 1.25;
  text-wrap: balance; }
h2, legend { margin: 0 0 .5rem; padding: 0; font-size: .9rem;
  font-weight: 600; color: var(--soft); }
fieldset { margin: 0 0 1.5rem; padding: 0; border: 0; min-width: 0; }
.account { display: flex; align-items: center; gap: .75rem;
  padding: .6rem .75rem; background: var(--card);
  border: 1px solid var(--line); cursor: pointer; }
.account + .account { border-top: 0; }
.account:first-of-type { border-radius: 10px 10px 0 0; }
.account:last-of-type { border-radius: 0 0 10px 10px; }
.account:first-of-type:last-of-type { border-radius: 10px; }
.account:has(:checked) { background: color-mix(in srgb, var(--accent) 10%,
  var(--card)); }
.account input { accent-color: var(--accent); width: 1.1rem; height: 1.1rem;
  margin: 0; flex: none; }
.face { width: 44px; height: 44px; border-radius: 50%; flex: none; }
.letter { display: grid; place-items: center; font-weight: 600;
  background: var(--line); }
.who { min-width: 0; overflow-wrap: anywhere; }
.name { display: block; font-weight: 600; line-height: 1.3; }
.about { display: block; font-size: .85rem; color: var(--soft);
  line-height: 1.35; }
.scopes { margin: 0 0 1.75rem; padding: 0 0 0 1.1rem; }
.scopes li { margin: .45rem 0; line-height: 1.35; }
code { display: block; font-size: .8rem; color: var(--soft); }
.buttons { display: flex; gap: .75rem; }
button { flex: 1; min-height: 48px; padding: .6rem 1rem; font: inherit;
  font-weight: 600; border-radius: 10px; cursor: pointer;
  border: 1px solid var(--soft); background: transparent; color: inherit; }
#agree { background: var(--accent); border-color: var(--accent);
  color: var(--accent-ink); }
button:hover { filter: brightness(1.08); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.after { margin: 1.25rem 0 0; font-size: .85rem; color: var(--soft); }
.uri { overflow-wrap: anywhere; }
@media (max-width: 34rem) { main { margin: 0; padding: 1.5rem 1.25rem;
  border: 0; border-radius: 0; background: transparent; } }
"""
