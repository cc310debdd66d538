/** The links of a page that lead on within its own site: what users open next. Pure. */
import { Tokenizer } from 'htmlparser2';

/** More a page for people does not have; to parse the URLs of a page made to cost time is refused. */
const HREFS_READ = 2_000;

/**
 * URLs of the first `limit` different pages of the same site that `html` links to, in its order.
 *
 * Of the same site is a host that is the page's own or below it, `www.` put aside. The page itself,
 * fragments and what is no `http:` or `https:` are left out.
 *
 * @param page where the HTML came from; `<base href>` goes before it (HTML §4.2.3)
 */
export function siteLinks(html: string, page: URL, limit: number): URL[] {
  const site = page.hostname.replace(/^www\./, '');
  const seen = new Set([withoutFragment(page).href]);
  const links: URL[] = [];
  let base = page;
  const add = (href: string) => {
    if (links.length === limit || !URL.canParse(href, base.href)) return;
    const url = withoutFragment(new URL(href, base));
    const isOfSite = url.hostname === site || url.hostname.endsWith(`.${site}`);
    if (!isOfSite || !/^https?:$/.test(url.protocol) || url.username || url.password) return;
    if (seen.has(url.href)) return;
    seen.add(url.href);
    links.push(url);
  };
  for (const { tag, href } of hrefs(html)) {
    if (tag === 'a') add(href);
    if (tag === 'base' && base === page && URL.canParse(href, page.href))
      base = new URL(href, page);
  }
  return links;
}

function withoutFragment(url: URL): URL {
  const copy = new URL(url);
  copy.hash = '';
  return copy;
}

/**
 * Every tag with an `href`, in order. By the tokenizer alone: a tree has to be kept in order too, and
 * a page of a hundred thousand open tables, half a megabyte, would take seconds.
 */
function hrefs(html: string): { readonly tag: string; readonly href: string }[] {
  const found: { tag: string; href: string }[] = [];
  let tag = '';
  let attribute = '';
  let value = '';
  let href: string | undefined;
  const opened = () => {
    if (href !== undefined && found.length < HREFS_READ) found.push({ tag, href });
  };
  const ignored = () => {};
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onopentagname(from, to) {
        tag = html.slice(from, to).toLowerCase();
        href = undefined;
      },
      onattribname(from, to) {
        attribute = html.slice(from, to).toLowerCase();
        value = '';
      },
      onattribdata(from, to) {
        value += html.slice(from, to);
      },
      onattribentity(codePoint) {
        value += String.fromCodePoint(codePoint);
      },
      onattribend() {
        // HTML §13.2.5.33: of two attributes of one name the first counts.
        if (attribute === 'href') href ??= value;
      },
      onopentagend: opened,
      onselfclosingtag: opened,
      ...{ oncdata: ignored, onclosetag: ignored, oncomment: ignored, ondeclaration: ignored },
      ...{ onend: ignored, onprocessinginstruction: ignored, ontext: ignored },
      ontextentity: ignored,
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  return found;
}
