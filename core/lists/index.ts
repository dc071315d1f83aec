/** The reader's own lists and labels: what they are, how two versions become one, and how they travel. */
export { libraryFile, parseLibrary, parseLibraryFile } from './file.ts';
export { mergeLabels, mergeLibraries, mergeLists, overflow } from './merge.ts';
export {
  featureRefKey,
  itemKey,
  labelSchema,
  LIST_LIMITS,
  listSchema,
  type ExperimentItem,
  type FeatureItem,
  type FeatureRef,
  type Library,
  type ListItem,
  type OwnLabel,
  type ReaderList,
} from './schema.ts';
export { listsFragment, parseSharedLists } from './share.ts';
