/** The links of a page that lead on within its own site: what users open next. Pure. */
import { Parser } from 'htmlparser2';

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
  const parser = new Parser({
    onopentag(name, { href }) {
      if (href === undefined) return;
      if (name === 'a') add(href);
      if (name === 'base' && base === page && URL.canParse(href, page.href))
        base = new URL(href, page);
    },
  });
  parser.end(html);
  return links;
}

function withoutFragment(url: URL): URL {
  const copy = new URL(url);
  copy.hash = '';
  return copy;
}
