import { pageFile } from './page-file.ts'

/** How the account pages look: the system's own letters, light or dark as it is set, from 320 pixels on. */
export const pageStyle = pageFile('/account/page.css', {
  type: 'text/css',
  text: `
:root{color-scheme:light dark;--paper:#f5f5f2;--card:#fff;--ink:#1c1d1f;--soft:#5a5d62;--line:#85888d;--deep:#1f5f4a;--on-deep:#fff;--wrong:#a3201d}
@media (prefers-color-scheme:dark){:root{--paper:#161719;--card:#1f2124;--ink:#ececec;--soft:#a9adb3;--line:#7d8188;--deep:#7fd1b2;--on-deep:#0d1f18;--wrong:#ff9c94}}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;padding:clamp(1rem,8vh,5rem) 1rem 2rem;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,sans-serif;overflow-wrap:break-word}
header,main,footer{max-width:27rem;margin:0 auto}
header,footer{color:var(--soft);font-size:.9rem;padding:0 .25rem}
main{background:var(--card);border-radius:.75rem;padding:clamp(1.25rem,6vw,2.25rem);margin:.75rem auto;box-shadow:0 1px 3px #0003;border:1px solid transparent}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem;text-wrap:balance}
h2{font-size:1.15rem;line-height:1.3;margin:0 0 .35rem}
p{margin:0 0 1rem}
label{display:block;font-weight:600;margin:1.25rem 0 .35rem}
input[type=password],input[type=text]{width:100%;font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:.45rem;padding:.65rem .75rem;min-height:2.9rem}
input[aria-invalid=true]{border-color:var(--wrong);border-width:2px}
#hint{color:var(--soft);font-size:.9rem;margin:.4rem 0 0}
.choice{font-weight:400;display:flex;gap:.6rem;align-items:center;min-height:2.75rem;margin:.25rem 0 .5rem}
.choice input{width:1.2rem;height:1.2rem;accent-color:var(--deep);margin:0}
#problem{color:var(--wrong);font-weight:600}
#problem:empty{margin:0}
button{width:100%;font:inherit;font-weight:600;color:var(--on-deep);background:var(--deep);border:1px solid transparent;border-radius:.45rem;padding:.7rem 1rem;min-height:2.9rem;cursor:pointer}
button[aria-disabled=true]{opacity:.6;cursor:progress}
a{color:inherit;display:inline-block;padding:.6rem 0}
:focus-visible{outline:3px solid var(--deep);outline-offset:2px}
#outcome:focus{outline:none}
#outcome p{margin:0}
`,
})
