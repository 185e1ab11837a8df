import { Button as KitButton } from '@patternfly/react-core/dist/esm/components/Button';
import type { ReactNode } from 'react';

export interface ButtonProps {
  children?: ReactNode;
  tone?: 'primary' | 'secondary' | 'danger' | 'plain' | 'link';
  icon?: ReactNode;
  /** Makes a toggle of it. */
  pressed?: boolean;
  expanded?: boolean;
  controls?: string;
  disabled?: boolean;
  busy?: boolean;
  wide?: boolean;
  small?: boolean;
  submit?: boolean;
  /** In a line of text: no padding. */
  inline?: boolean;
  /** Needed where there is no text; with text only when it says more. */
  label?: string;
  /** Key shortcut, for assistive technology and the tooltip. */
  shortcut?: string;
  onClick?: () => void;
}

export function Button(props: ButtonProps) {
  const { tone = 'secondary', pressed, onClick, label, shortcut } = props;
  const title = shortcut
    ? `${label ?? ''}${label ? ' ' : ''}(${shortcut.replaceAll('Control', 'Ctrl')})`
    : label;
  return (
    <KitButton
      type={props.submit ? 'submit' : 'button'}
      variant={tone}
      size={props.small ? 'sm' : 'default'}
      isBlock={props.wide ?? false}
      isInline={props.inline ?? false}
      isDisabled={props.disabled ?? false}
      isLoading={props.busy ?? false}
      isClicked={pressed ?? false}
      icon={props.icon}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      {...(props.expanded === undefined ? {} : { 'aria-expanded': props.expanded })}
      {...(props.controls ? { 'aria-controls': props.controls } : {})}
      {...(label ? { 'aria-label': label } : {})}
      {...(title ? { title } : {})}
      {...(shortcut ? { 'aria-keyshortcuts': shortcut } : {})}
      {...(onClick ? { onClick } : {})}
    >
      {props.children}
    </KitButton>
  );
}
