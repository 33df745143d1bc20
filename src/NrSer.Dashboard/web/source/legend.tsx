import type { ComponentChildren, JSX } from "preact";
import { Chip } from "./parts";
import { emotions, names } from "./words";

/** What letters and patterns stand for; its patterns are there for other pictures of the page. */
export const Legend = ({ of: shown, children }: { of: string[]; children?: ComponentChildren }): JSX.Element => (
    <p class="legend">
        <svg width="0" height="0" aria-hidden="true">
            <Patterns />
        </svg>
        {shown.map((name) => (
            <span key={name} class="key-of">
                <svg width="22" height="16" aria-hidden="true">
                    <rect width="22" height="16" rx="3" fill={`url(#pattern-${name})`} />
                </svg>
                <Chip emotion={name} />
            </span>
        ))}
        {children}
    </p>
);

const Patterns = (): JSX.Element => (
    <defs>
        {names.map((name) => (
            <pattern key={name} id={`pattern-${name}`} width="8" height="8" patternUnits="userSpaceOnUse">
                <rect width="8" height="8" class={`fill ${emotions[name]!.hue}`} />
                <path class="hatch" d={hatches[name]} />
            </pattern>
        ))}
    </defs>
);

const hatches: Record<string, string> = {
    neutral: "",
    happy: "M0 8L8 0M-2 2L2-2M6 10L10 6",
    sad: "M0 0L8 8M-2 6L2 10M6-2L10 2",
    angry: "M0 0L8 8M0 8L8 0",
    fear: "M2 0V8M6 0V8",
    disgust: "M0 2H8M0 6H8",
    surprise: "M1 2.5H4M5 6.5H8",
    contempt: "M0 4H8M4 0V8",
    other: "M3 4H5",
};
