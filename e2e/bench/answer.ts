/** The worker's side of `scripts/bench/ask-worker.ts`: measures what each message asks for. */
export function answer<Task>(measure: (task: Task) => Promise<unknown>): void {
  self.addEventListener('message', (event: MessageEvent<Task>) => {
    measure(event.data).then(
      (measured) => self.postMessage({ measured }),
      (error: unknown) => self.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  self.postMessage({ ready: true });
}
