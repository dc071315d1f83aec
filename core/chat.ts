/** Who speaks. */
export const CHAT_ROLES = ['system', 'user', 'assistant'] as const;
export type ChatRole = (typeof CHAT_ROLES)[number];

/** One turn of a chat. */
export interface ChatMessage {
  readonly role: ChatRole;
  readonly content: string;
}

/** A chat as the model reads it: the template's text, and its tokens. */
export interface RenderedChat {
  readonly text: string;
  readonly ids: readonly number[];
}

export interface ChatOptions {
  /**
   * What stands at the end. `generation`: the beginning of the model's own turn (`add_generation_prompt`). `continue`: the last
   * message stays open, so that the model goes on with it (`continue_final_message`). `none`: the last message is closed.
   */
  readonly end: 'generation' | 'continue' | 'none';
}
