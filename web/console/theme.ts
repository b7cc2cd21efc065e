/** Gives Mantine's components the colours, type and corners of the shop: every colour is one of web/styles/tokens.css. */
import {
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  type MantineProviderProps,
  type VariantColorsResolver,
} from "@mantine/core";
import { type ComponentProps, createElement, type MouseEvent } from "react";
import { chooseTheme, chosenTheme } from "../lib/theme.ts";

/** Mantine takes grounds, borders and texts from these two scales: `gray` in the light scheme, `dark` in the dark one. */
const scales = {
  gray: "sunken sunken line line edge edge muted muted ink ink",
  dark: "ink ink muted muted edge line raised paper sunken sunken",
};

/** A page has one filled button, in ink or, where it cannot be undone, in red. */
const variants: VariantColorsResolver = ({ variant, color }) => {
  const main = color === "bad" ? "var(--bad)" : "var(--ink)";
  if (variant === "filled") {
    return { background: main, hover: main, color: "var(--paper)", border: "1px solid transparent" };
  }
  const isBordered = variant === "default" || variant === "outline";
  return {
    background: isBordered ? "var(--raised)" : "transparent",
    hover: "var(--sunken)",
    color: main,
    border: `1px solid ${isBordered ? "var(--edge)" : "transparent"}`,
  };
};

type ButtonProps = ComponentProps<"button"> & { "data-loading"?: boolean };

/**
 * While its act is under way a button keeps the focus, which an element that is disabled would lose: the keyboard would
 * go on from the top of the page.
 */
function rootOfButton({ disabled, ...props }: ButtonProps) {
  const isActing = props["data-loading"] === true;
  const kept = { "aria-disabled": true, onClick: (event: MouseEvent) => event.preventDefault() };
  return createElement("button", { type: "button", ...props, ...(isActing ? kept : { disabled }) });
}

export const theme = createTheme({
  fontFamily: "var(--text)",
  fontFamilyMonospace: "ui-monospace, monospace",
  headings: { fontFamily: "var(--text)", fontWeight: "700" },
  fontSizes: { xs: "0.8125rem", sm: "0.875rem", md: "0.875rem", lg: "1rem", xl: "1.3125rem" },
  spacing: { xs: "0.5rem", sm: "0.75rem", md: "1rem", lg: "1.5rem", xl: "2rem" },
  radius: { xs: "6px", sm: "6px", md: "6px", lg: "12px", xl: "28px" },
  defaultRadius: "sm",
  primaryColor: "ink",
  primaryShade: 6,
  colors: {
    ink: scaleOf("ink ".repeat(10).trim()),
    bad: scaleOf("bad ".repeat(10).trim()),
    gray: scaleOf(scales.gray),
    dark: scaleOf(scales.dark),
  },
  variantColorResolver: variants,
  respectReducedMotion: true,
  focusRing: "auto",
  components: {
    Button: { defaultProps: { variant: "default", renderRoot: rootOfButton } },
    Table: { defaultProps: { borderColor: "var(--line)" } },
    // Mantine's own marks are white, and so is the ground of a chosen box in the dark scheme.
    Checkbox: { defaultProps: { iconColor: "var(--paper)" } },
    Radio: { defaultProps: { iconColor: "var(--paper)" } },
    SegmentedControl: { defaultProps: { withItemsBorders: false } },
  },
});

const mapped = {
  "--mantine-color-body": "var(--paper)",
  "--mantine-color-text": "var(--ink)",
  "--mantine-color-bright": "var(--ink)",
  "--mantine-color-dimmed": "var(--muted)",
  "--mantine-color-placeholder": "var(--muted)",
  "--mantine-color-anchor": "var(--ink)",
  "--mantine-color-error": "var(--bad)",
  "--mantine-color-default": "var(--raised)",
  "--mantine-color-default-hover": "var(--sunken)",
  "--mantine-color-default-color": "var(--ink)",
  "--mantine-color-default-border": "var(--edge)",
  "--mantine-color-disabled": "var(--sunken)",
  "--mantine-color-disabled-color": "var(--muted)",
  "--mantine-color-disabled-border": "var(--line)",
  "--mantine-primary-color-filled": "var(--ink)",
  "--mantine-primary-color-filled-hover": "var(--ink)",
  "--mantine-primary-color-light": "var(--sunken)",
  "--mantine-primary-color-light-hover": "var(--sunken)",
  "--mantine-primary-color-light-color": "var(--ink)",
  "--mantine-primary-color-contrast": "var(--paper)",
  "--mantine-color-ink-filled": "var(--ink)",
  "--mantine-color-ink-light": "var(--sunken)",
  "--mantine-color-ink-light-hover": "var(--sunken)",
  "--mantine-color-ink-light-color": "var(--ink)",
};

/** The tokens change with the scheme by themselves, so both schemes are mapped alike. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({ variables: {}, light: mapped, dark: mapped });

/** The choice is the shop's own, so that both halves look alike in one browser. */
export const schemeChoice: NonNullable<MantineProviderProps["colorSchemeManager"]> = {
  get(otherwise) {
    const theme = chosenTheme();
    return theme === "device" ? otherwise : theme;
  },
  set: (scheme) => chooseTheme(scheme === "auto" ? "device" : scheme),
  subscribe() {},
  unsubscribe() {},
  clear: () => chooseTheme("device"),
};

function scaleOf(names: string): MantineColorsTuple {
  return names.split(" ").map((name) => `var(--${name})`) as unknown as MantineColorsTuple;
}
