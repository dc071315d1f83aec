import { useEffect, useState, type ReactElement } from 'react';
import {
  Autocomplete,
  Dialog,
  Header,
  Input,
  Menu,
  MenuItem,
  MenuSection,
  Modal,
  ModalOverlay,
  SearchField,
  Text,
  useFilter,
} from 'react-aria-components';
import { cx } from '../ui/cx.ts';
import styles from './Palette.module.css';
import { allEntries, type PaletteEntry } from './palette-entries.ts';
import { merged, useFoundFeatures } from './palette-features.ts';

/** One field to find anything: features, labs, examples, models, prompts, and what can be done. */
export function Palette({ onClose }: { readonly onClose: () => void }): ReactElement {
  const [entries, setEntries] = useState<readonly PaletteEntry[]>([]);
  const [typed, setTyped] = useState('');
  const { contains } = useFilter({ sensitivity: 'base' });
  useEffect(() => {
    let gone = false;
    void allEntries().then((found) => !gone && setEntries(found));
    return () => {
      gone = true;
    };
  }, []);
  const found = useFoundFeatures(typed);
  const shown = merged(entries, found);
  const groups = [...new Set(shown.map((entry) => entry.group))];
  const act = (key: React.Key): void => {
    onClose();
    shown.find((entry) => entry.id === key)?.go();
  };
  return (
    <ModalOverlay isOpen onOpenChange={(open) => !open && onClose()} isDismissable className={cx(styles.overlay)}>
      <Modal className={cx(styles.window)}>
        <Dialog aria-label="Search or jump" className={cx(styles.dialog)}>
          <Autocomplete filter={contains} onInputChange={setTyped}>
            {/* A palette is opened to type into it. */}
            {/* oxlint-disable-next-line jsx-a11y/no-autofocus */}
            <SearchField aria-label="Search features, labs, examples, models, prompts" autoFocus className={cx(styles.field)}>
              <Input placeholder="Features by name or number, labs, models, prompts" />
            </SearchField>
            {/* It may scroll, and then takes the focus so that arrows do it. */}
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
            <section className={styles.list} aria-label="What was found" tabIndex={0}>
              <Menu
                aria-label="Results"
                className={cx(styles.menu)}
                onAction={act}
                renderEmptyState={() => <p className={styles.empty}>Nothing is called that here.</p>}
              >
                {groups.map((group) => (
                  <MenuSection key={group}>
                    <Header className={cx(styles.group)}>{group}</Header>
                    {shown
                      .filter((entry) => entry.group === group)
                      .map((entry) => (
                        <MenuItem
                          key={entry.id}
                          id={entry.id}
                          // What was found by what is typed stays, whatever words it was found by.
                          textValue={`${entry.label} ${entry.hint ?? ''} ${'ref' in entry ? typed : ''}`}
                          className={cx(styles.item)}
                        >
                          <Text slot="label" className={cx(entry.mono === true && 'mono', styles.label)}>
                            {entry.label}
                          </Text>
                          {entry.hint !== undefined && (
                            <Text slot="description" className={cx(styles.hint)}>
                              {entry.hint}
                            </Text>
                          )}
                        </MenuItem>
                      ))}
                  </MenuSection>
                ))}
              </Menu>
            </section>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
