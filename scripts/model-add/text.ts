const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** The readable text of a web page: of its article where it marks one, else of its body. */
export function textOfHtml(html: string): string {
  const [, article = html] = /<article[^>]*>([\s\S]*)<\/article>/i.exec(html) ?? [];
  const [, body = article] = /<div[^>]*class="[^"]*devsite-article-body[^"]*"[^>]*>([\s\S]*)/i.exec(article) ?? [];
  return body
    .replace(/<(script|style|svg|template|devsite-[\w-]+)\b[\s\S]*?<\/\1>/gi, ' ')
    .replace(/\s+/g, ' ')
    .replace(/<li\b[^>]*>/gi, '\n  - ')
    .replace(/<(?:br|\/p|\/h\d|\/ul|\/ol|\/tr)\b[^>]*>/gi, '\n')
    .replace(/<h\d\b[^>]*>/gi, '\n\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(#x[\da-f]+|#\d+|\w+);/gi, (whole, name: string) => {
      if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? whole;
      const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    })
    .replace(/[ \t]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/\n +(?! |- )/g, '\n')
    .trim();
}
