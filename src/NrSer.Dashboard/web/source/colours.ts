// Colours and patterns of what is drawn.
import { emotions } from "./words";

export type Palette = Record<string, string>;

const isDark = matchMedia("(prefers-color-scheme: dark)");
const isForced = matchMedia("(forced-colors: active)");
let last: { dark: boolean; colours: Palette } | null = null;

/** Colours as the style sheet has them, dark and forced ones included. */
export function palette(): Palette {
    if (isForced.matches) return resolved(declared()); // a theme may change at any time
    if (last?.dark !== isDark.matches) last = { dark: isDark.matches, colours: Object.fromEntries(declared()) };
    return last.colours;
}

function declared(): [string, string][] {
    const style = getComputedStyle(document.documentElement);
    const names = [
        "ink",
        "muted",
        "line",
        "surface",
        "wave",
        "score",
        "weight",
        "gate",
        "arousal",
        "valence",
        "accent",
        ...Object.values(emotions).map((each) => `emotion-${each.hue}`),
    ];
    return names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
}

/** A canvas that is in no document, such as a pattern's, knows no theme: names of its colours are looked up here. */
function resolved(colours: [string, string][]): Palette {
    const probe = document.body.appendChild(document.createElement("span"));
    probe.style.setProperty("forced-color-adjust", "none");
    const found = colours.map(([name, colour]) => {
        probe.style.color = colour;
        return [name, getComputedStyle(probe).color];
    });
    probe.remove();
    return Object.fromEntries(found);
}

const patterns = new Map<string, CanvasPattern>();

/** A pattern of its own for each emotion: whoever sees no colours tells them apart. */
export function patternOf(context: CanvasRenderingContext2D, emotion: string, colours: Palette): CanvasPattern | string {
    const colour = colours[`emotion-${emotions[emotion]?.hue ?? "other"}`] ?? "#888";
    const key = `${emotion} ${colour} ${colours.surface}`;
    let pattern = patterns.get(key);
    if (!pattern) {
        const tile = document.createElement("canvas");
        tile.width = tile.height = 8;
        const c = tile.getContext("2d")!;
        c.fillStyle = colour;
        c.fillRect(0, 0, 8, 8);
        c.strokeStyle = c.fillStyle = colours.surface ?? "#fff";
        c.globalAlpha = 0.55;
        c.lineWidth = 1.2;
        const line = (...points: number[]) => {
            c.beginPath();
            for (let i = 0; i < points.length; i += 4) {
                c.moveTo(points[i]!, points[i + 1]!);
                c.lineTo(points[i + 2]!, points[i + 3]!);
            }
            c.stroke();
        };
        switch (emotion) {
            case "happy":
                line(0, 8, 8, 0, -2, 2, 2, -2, 6, 10, 10, 6);
                break;
            case "sad":
                line(0, 0, 8, 8, -2, 6, 2, 10, 6, -2, 10, 2);
                break;
            case "angry":
                line(0, 0, 8, 8, 0, 8, 8, 0);
                break;
            case "fear":
                line(2, 0, 2, 8, 6, 0, 6, 8);
                break;
            case "disgust":
                line(0, 2, 8, 2, 0, 6, 8, 6);
                break;
            case "surprise":
                c.fillRect(1, 1, 3, 3);
                c.fillRect(5, 5, 3, 3);
                break;
            case "contempt":
                line(0, 4, 8, 4, 4, 0, 4, 8);
                break;
            case "other":
                c.fillRect(3, 3, 2, 2);
                break;
            default:
                break; // neutral is plain
        }
        pattern = context.createPattern(tile, "repeat")!;
        patterns.set(key, pattern);
    }
    return pattern;
}
