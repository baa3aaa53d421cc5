/** A token of the style sheet as it is now; apart from the chart library, for those who draw by themselves. */
export const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
