/** The browser complains of handlers as soon as it reads them, though nothing would run them. */
function withoutHandlers(html) {
  return html.replace(/<[^>]*>/g, (tag) => tag.replace(/[\s/"']on\w+\s*=/gi, ' data-handler='));
}

/**
 * An attribution as harmless HTML. It often holds links and comes from whoever made the package:
 * text and plain links are kept.
 * @param {string} html
 */
export function safeAttribution(html) {
  const safe = document.createElement('span');
  const copy = (from, to) => {
    for (const node of from.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) {
        to.append(node.textContent);
      } else if (node.nodeName === 'A' && /^https?:\/\//i.test(node.getAttribute('href') ?? '')) {
        const link = document.createElement('a');
        link.href = node.getAttribute('href');
        link.rel = 'noopener noreferrer';
        link.target = '_blank';
        copy(node, link);
        to.append(link);
      } else if (node.nodeType === Node.ELEMENT_NODE && !['SCRIPT', 'STYLE'].includes(node.nodeName)) {
        copy(node, to);
      }
    }
  };
  copy(new DOMParser().parseFromString(withoutHandlers(html), 'text/html').body, safe);
  return safe.innerHTML;
}
