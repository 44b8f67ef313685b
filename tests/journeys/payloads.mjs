// Texts that would run a program if a page took them for anything but text: each way in, with each of several programs.

/** What a payload would do: say that it ran. */
const programs = ['globalThis.ran=1', "globalThis['r'+'an']=1", 'top.ran=parent.ran=ran=1', "import('data:text/javascript,globalThis.ran=1')"];

const ways = [
  // Elements that run by themselves.
  '<script>$</script>', '<ScRiPt>$</sCrIpT>', '<script src="data:text/javascript,$"></script>', '<script type=module>$</script>',
  '<img src=x onerror=$>', '<img/src=x/onerror="$">', '<IMG SRC=x ONERROR=&#x24;{$}>', '<svg onload=$>', '<svg/onload=$//', '<svg><script>$</script></svg>',
  '<svg><animate onbegin=$ attributeName=x dur=1s>', '<svg><set onbegin=$ attributeName=x>', '<body onload=$>', '<iframe srcdoc="<script>$</script>">',
  '<iframe src="javascript:$">', '<object data="javascript:$">', '<embed src="javascript:$">', '<video src=x onerror=$></video>', '<audio src=x onerror=$>',
  '<video><source onerror=$></video>', '<details open ontoggle=$>', '<input autofocus onfocus=$>', '<select autofocus onfocus=$>', '<marquee onstart=$>',
  '<math><mtext><table><mglyph><style><img src=x onerror=$></style></mglyph></table></mtext></math>', '<style>@import "javascript:$"</style>',
  '<link rel=stylesheet href="javascript:$">', '<meta http-equiv=refresh content="0;url=javascript:$">', '<base href="javascript:$//">',
  '<form action="javascript:$"><button autofocus onfocus=$>', '<isindex action="javascript:$">', '<keygen autofocus onfocus=$>', '<template><img src=x onerror=$></template>',
  '<noscript><p title="</noscript><img src=x onerror=$>">', '<xmp><p title="</xmp><img src=x onerror=$>">', '<medrec-record onload=$>', '<slot onslotchange=$>x</slot>',
  // Ways out of where a text may stand.
  '"><img src=x onerror=$>', "'><img src=x onerror=$>", '`><img src=x onerror=$>', '" onmouseover=$ x="', "' autofocus onfocus=$ x='", '</title><script>$</script>',
  '</textarea><script>$</script>', '</style><script>$</script>', '--><script>$</script>', ']]><script>$</script>', '*/$/*', '";$;"', "';$;'", '`;$;`', '\\";$;//', '</script><script>$</script>',
  // Addresses.
  'javascript:$', 'JaVaScRiPt:$', 'java\tscript:$', ' javascript:$', 'javascript://%0a$', 'data:text/html,<script>$</script>', 'vbscript:$', 'blob:$', '#/settings"><script>$</script>',
  // What template engines and frameworks might take for theirs.
  '{{$}}', '{{constructor.constructor("$")()}}', '${$}', '#{$}', '<%= $ %>', '{%$%}', '[[$]]', '?{$}', '<!--lit-part-->$<!--/lit-part-->', '<!--?lit$1$-->', '{"__proto__":{"ran":1}}',
  // Other spellings.
  '&lt;script&gt;$&lt;/script&gt;', '&#60;script&#62;$&#60;/script&#62;', '\\u003cscript\\u003e$\\u003c/script\\u003e', '%3Cscript%3E$%3C/script%3E', '＜script＞$＜/script＞',
  '<scr\u0000ipt>$</scr\u0000ipt>', '<\u200bscript>$</script>', '\u202e<script>$</script>', '+ADw-script+AD4-$+ADw-/script+AD4-',
];

/** Names that every object has. */
const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'then', 'innerHTML', 'on', 'nodeName'];

export const payloads = [...new Set(ways.flatMap((way) => programs.map((program) => way.replaceAll('$', () => program)))), ...names];
