/** The style of a report: light or dark as the reader's system, and black on white on paper. */
export const STYLE = `
:root{color-scheme:light dark;--page:#fff;--text:#1c2128;--faint:#57606a;--line:#d8dee4;--panel:#f6f8fa;--link:#0757ba;
--u:#dde3ea;--u-text:#1c2128;--s0:#b6d7ff;--s1:#6fb1ff;--s2:#1f6feb;--s-text:#0a1f3c;--s2-text:#fff;
--error:#b3261e;--warning:#8a5a00;--info:#57606a;--added:#116329;--removed:#b3261e}
@media (prefers-color-scheme:dark){:root{--page:#0f141a;--text:#e6ebf0;--faint:#9aa7b4;--line:#2c3640;--panel:#171e26;--link:#7db8ff;
--u:#2d3844;--u-text:#e6ebf0;--s0:#173a63;--s1:#1d5cab;--s2:#63a9ff;--s-text:#e8f1ff;--s2-text:#071a33;
--error:#ff8a80;--warning:#e8b04a;--info:#9aa7b4;--added:#6bd08a;--removed:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main,header{max-width:76rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:2rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.5rem 0 .75rem}
p{margin:.25rem 0 .75rem;max-width:60rem}
.faint,caption{color:var(--faint)}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;margin:1rem 0 0}
dl.totals{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;margin:1.5rem 0 0}
dl.totals div{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:.7rem .9rem}
dl.totals dt{color:var(--faint);font-size:.85rem}
dl.totals dd{margin:0;font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums}
code{font:12.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.w{white-space:nowrap}th code{color:var(--faint);font-weight:400}
figure{margin:0}
svg{display:block;width:100%;height:auto;border-radius:6px}
svg text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--u-text);pointer-events:none}
svg .name{font-weight:600;fill:var(--text)}
.group{fill:var(--panel);stroke:var(--line)}
.u{fill:var(--u)}.s0{fill:var(--s0)}.s1{fill:var(--s1)}.s2{fill:var(--s2)}
.s0+text,.s1+text{fill:var(--s-text)}.s2+text{fill:var(--s2-text)}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;margin:.6rem 0 0;font-size:.9rem;color:var(--faint)}
.legend svg{display:inline-block;width:.9em;height:.9em;border-radius:2px;vertical-align:-.1em;margin-right:.4em}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;padding:.6rem .8rem;caption-side:bottom;font-size:.85rem}
th,td{padding:.45rem .8rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{background:var(--panel);font-size:.85rem;white-space:nowrap}
tbody th{font-weight:500;overflow-wrap:anywhere;min-width:14rem}
tbody tr:last-child>*{border-bottom:0}
.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.error{color:var(--error);font-weight:600}.warning{color:var(--warning);font-weight:600}.info{color:var(--info)}
.added{color:var(--added)}.removed{color:var(--removed)}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem}
footer{color:var(--faint);font-size:.85rem;max-width:76rem;margin:0 auto;padding:2rem 1.5rem}
@media print{:root{color-scheme:light;--page:#fff;--text:#000;--faint:#444;--line:#bbb;--panel:#f2f2f2;--link:#000;--u:#dde3ea;--u-text:#000;
--s0:#b6d7ff;--s1:#6fb1ff;--s2:#1f6feb;--s-text:#000;--s2-text:#fff;--error:#000;--warning:#000;--info:#000;--added:#000;--removed:#000}
body{font-size:10pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}nav,.skip{display:none}
.scroll{overflow:visible;border:0}tr,figure,dl.totals{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}}
`;
