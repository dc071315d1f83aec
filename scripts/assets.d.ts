/** Vite: the address of a file, which is copied into the site. */
declare module '*?url' {
  const url: string;
  export default url;
}
