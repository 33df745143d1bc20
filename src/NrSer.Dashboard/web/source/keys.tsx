import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Keys of the whole page, but where something else has them. */
export function useKeys(actions: Record<string, () => void>, keys: boolean): void {
    const latest = useRef(actions);
    latest.current = actions;
    useEffect(() => {
        const press = (event: KeyboardEvent): void => {
            if (!keys || event.ctrlKey || event.metaKey || event.altKey) return;
            const on = event.target as HTMLElement;
            if (on.closest("input, select, textarea, dialog, summary")) return;
            const isMovement = event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End";
            if (isMovement && on.closest(".scroll")) return; // a list scrolls
            if (event.key === " " && on.closest("button, a")) return; // and a button is pressed
            const action = latest.current[event.key.length === 1 ? event.key.toLowerCase() : event.key];
            if (!action || (isMovement && event.shiftKey)) return;
            event.preventDefault();
            action();
        };
        document.addEventListener("keydown", press);
        return () => document.removeEventListener("keydown", press);
    }, [keys]);
}

export function Help({ keys, close, change }: { keys: boolean; close: () => void; change: (on: boolean) => void }): JSX.Element {
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => dialog.current?.showModal(), []);
    const rows: [string, string][] = [
        ["Space, K", "play or pause"],
        ["J, L", "10 s back, 10 s on"],
        ["← →", "2 s back, 2 s on"],
        ["Home, End", "start, end"],
        ["[ ]", "previous, next untrusted segment"],
        ["A", "what was recorded, or what the model heard"],
        ["↑ ↓, + −", "zoom in, zoom out"],
        ["?", "this"],
    ];
    return (
        <dialog ref={dialog} onClose={close} aria-labelledby="keys">
            <h2 id="keys">Keys</h2>
            <table>
                <tbody>
                    {rows.map(([key, does]) => (
                        <tr key={key}>
                            <th scope="row">
                                <kbd>{key}</kbd>
                            </th>
                            <td>{does}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
            <p>On the picture: drag moves it, Ctrl and the wheel zoom, a click goes there.</p>
            <label class="check">
                <input type="checkbox" checked={keys} onChange={(event) => change(event.currentTarget.checked)} /> use these keys
            </label>
            <p>
                <button type="button" onClick={() => dialog.current?.close()}>
                    Close
                </button>
            </p>
        </dialog>
    );
}
