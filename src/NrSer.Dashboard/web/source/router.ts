// Views have addresses; links between them load nothing.
import { useEffect, useState } from "preact/hooks";

const listeners = new Set<() => void>();
const tell = (): void => listeners.forEach((listener) => listener());
window.addEventListener("popstate", tell);

export function go(address: string, replace = false): void {
    history[replace ? "replaceState" : "pushState"](null, "", address);
    tell();
}

export function useAddress(): URL {
    const [, again] = useState(0);
    useEffect(() => {
        const listener = (): void => again((count) => count + 1);
        listeners.add(listener);
        return () => void listeners.delete(listener);
    }, []);
    return new URL(location.href);
}

document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest?.("a[href]") as HTMLAnchorElement | null;
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.target || link.hasAttribute("download") || link.pathname.startsWith("/api/") || link.hash)
        return;
    event.preventDefault();
    go(link.pathname + link.search);
    window.scrollTo(0, 0);
    document.querySelector<HTMLElement>("main h1")?.focus();
});
