import { Dropdown, DropdownItem, DropdownList } from '@patternfly/react-core/dist/esm/components/Dropdown';
import { MenuToggle } from '@patternfly/react-core/dist/esm/components/MenuToggle';
import { type ReactNode, useState } from 'react';

export interface MenuItem {
  key: string;
  text: string;
  icon?: ReactNode;
  selected?: boolean;
}

export interface MenuProps {
  label: string;
  /** Shown on the button; with an icon alone the label names it. */
  text?: string;
  icon?: ReactNode;
  items: MenuItem[];
  onPick: (key: string) => void;
}

export function Menu({ label, text, icon, items, onPick }: MenuProps) {
  const [open, setOpen] = useState(false);
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      shouldFocusToggleOnSelect
      popperProps={{ position: 'right' }}
      onSelect={(_event, value) => {
        setOpen(false);
        onPick(String(value));
      }}
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          variant={text ? 'plainText' : 'plain'}
          isExpanded={open}
          aria-label={text ? `${label}: ${text}` : label}
          onClick={() => setOpen(!open)}
        >
          {icon}
          {text}
        </MenuToggle>
      )}
    >
      <DropdownList>
        {items.map((item) => (
          <DropdownItem key={item.key} value={item.key} icon={item.icon} isSelected={item.selected ?? false}>
            {item.text}
          </DropdownItem>
        ))}
      </DropdownList>
    </Dropdown>
  );
}
