/** The controls of the interface. They know nothing of models or experiments. */
export { Button, IconButton, LinkButton, type ButtonProps, type IconButtonProps, type LinkButtonProps } from './Button.tsx';
export { ComboBox, type ComboBoxProps } from './ComboBox.tsx';
export { cx } from './cx.ts';
export { Digest, type DigestProps } from './Digest.tsx';
export { Dialog, Sheet, type DialogProps } from './Dialog.tsx';
export { Disclosure, Kbd, Skeleton, type DisclosureProps, type SkeletonProps } from './Disclosure.tsx';
export {
  Select,
  Slider,
  TextArea,
  TextField,
  type SelectProps,
  type SliderProps,
  type TextAreaProps,
  type TextFieldProps,
} from './Field.tsx';
export { Menu, type MenuEntry, type MenuProps } from './Menu.tsx';
export { ErrorNotice, Notice, type ErrorNoticeProps, type NoticeProps } from './Notice.tsx';
export { Segmented, Toggle, type SegmentedProps, type ToggleProps } from './Segmented.tsx';
export { Table, type Column, type TableProps } from './Table.tsx';
export { Tabs, type TabItem, type TabsProps } from './Tabs.tsx';
export { tipGroup, Tips, tipSteps } from './Tips.tsx';
