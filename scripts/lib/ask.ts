import { createInterface } from 'node:readline/promises';

/** What the reader types as an answer, on stderr so that output stays clean; nothing where they break off. Null where nobody is there. */
export async function askOnTerminal(question: string): Promise<string | null> {
  if (!process.stdin.isTTY) return null;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const broken = new AbortController();
  for (const event of ['SIGINT', 'close'] as const) lines.once(event, () => broken.abort());
  try {
    return (await lines.question(question, { signal: broken.signal })).trim();
  } catch {
    return '';
  } finally {
    lines.close();
  }
}
