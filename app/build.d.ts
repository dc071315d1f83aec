/** What provenance calls this build; set by `vite.config.ts`. */
declare const __COMMIT__: string;
