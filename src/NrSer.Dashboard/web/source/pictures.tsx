import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Segment } from "./api";
import { draw, drawMinimap, lanes, lanesHeight } from "./lanes";
import type { Version } from "./player";
import type { Tiles } from "./tiles";
import { moved, zoomed } from "./view";
import type { View } from "./view";
import { heard, spoken } from "./words";

/** The whole recording, small, which is also the slider; and the lanes of what is in sight. */
export function Pictures(props: {
    tiles: Tiles;
    drawn: number;
    redraw: () => void;
    view: View;
    version: Version;
    setView: (change: (old: View) => View) => void;
    time: number;
    duration: number;
    range: [number, number] | null;
    gain: number;
    now: Segment | null;
    seek: (seconds: number, reveal?: boolean) => void;
    by: (seconds: number) => void;
}): JSX.Element {
    const { tiles, drawn, redraw, view, version, setView, time, duration, range, gain, now, seek } = props;
    const canvas = useRef<HTMLCanvasElement>(null);
    const minimap = useRef<HTMLCanvasElement>(null);
    const shown = useRef(view);
    shown.current = view;

    // pictures: once a frame, and only when something changed
    useLayoutEffect(() => {
        const frame = requestAnimationFrame(() => canvas.current && draw(canvas.current, tiles, view, version, range, gain));
        return () => cancelAnimationFrame(frame);
    }, [view, version, tiles, drawn, range, gain]);
    useLayoutEffect(() => {
        const frame = requestAnimationFrame(() => minimap.current && drawMinimap(minimap.current, tiles, gain));
        return () => cancelAnimationFrame(frame);
    }, [tiles, drawn]);
    useEffect(() => {
        const again = (): void => redraw();
        const watch = new ResizeObserver(again);
        if (canvas.current) watch.observe(canvas.current);
        const media = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((each) => matchMedia(each));
        for (const each of media) each.addEventListener("change", again);
        return () => {
            watch.disconnect();
            for (const each of media) each.removeEventListener("change", again);
        };
    }, []);

    const pointAt = (event: { clientX: number }, element: HTMLElement, of: View): number => {
        const box = element.getBoundingClientRect();
        return of.from + ((event.clientX - box.left) / box.width) * (of.to - of.from);
    };
    useEffect(() => {
        const element = canvas.current!;
        const wheel = (event: WheelEvent): void => {
            const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
            if (event.ctrlKey) {
                const at = pointAt(event, element, shown.current);
                setView((old) => zoomed(old, Math.exp(event.deltaY / 300), at, duration));
            } else if (sideways) setView((old) => moved(old, ((old.to - old.from) * sideways) / element.clientWidth, duration));
            else return;
            event.preventDefault();
        };
        element.addEventListener("wheel", wheel, { passive: false });
        return () => element.removeEventListener("wheel", wheel);
    }, [duration]);
    const drag = useRef<{ x: number; view: View; moved: boolean } | null>(null);

    const share = (seconds: number): string => `${(seconds / duration) * 100}%`;
    const headAt = (time - view.from) / (view.to - view.from);
    return (
        <>
            <div
                class="minimap"
                role="slider"
                tabIndex={0}
                aria-label="Position in the recording"
                aria-valuemin={0}
                aria-valuemax={Math.round(duration)}
                aria-valuenow={Math.round(time)}
                aria-valuetext={`${spoken(time)} of ${spoken(duration)}${now ? `, ${heard(now)}` : ""}`}
                onPointerDown={(event) => {
                    event.currentTarget.setPointerCapture(event.pointerId);
                    seek(pointAt(event, event.currentTarget, { from: 0, to: duration }));
                }}
                onPointerMove={(event) => event.buttons === 1 && seek(pointAt(event, event.currentTarget, { from: 0, to: duration }))}
                onKeyDown={(event) => {
                    const by: Record<string, number> = {
                        ArrowLeft: -2,
                        ArrowDown: -2,
                        ArrowRight: 2,
                        ArrowUp: 2,
                        PageUp: 60,
                        PageDown: -60,
                        Home: -duration,
                        End: duration,
                    };
                    if (by[event.key] === undefined) return;
                    event.preventDefault();
                    event.stopPropagation();
                    props.by(by[event.key]!);
                }}
            >
                <canvas ref={minimap} aria-hidden="true" />
                <div class="window" style={{ left: share(view.from), width: share(view.to - view.from) }} />
                <div class="head" style={{ left: share(time) }} />
            </div>

            <div class="lanes">
                <canvas
                    ref={canvas}
                    style={{ height: `${lanesHeight}px` }}
                    role="img"
                    aria-label={`Lanes from ${spoken(view.from)} to ${spoken(view.to)}: sound as ${version === "heard" ? "the model heard it" : "it was recorded"}, trust, what was heard, arousal and valence. The table below has the same, segment by segment.`}
                    onPointerDown={(event) => {
                        event.currentTarget.setPointerCapture(event.pointerId);
                        drag.current = { x: event.clientX, view, moved: false };
                    }}
                    onPointerMove={(event) => {
                        const held = drag.current;
                        if (!held || event.buttons !== 1) return;
                        const by = held.x - event.clientX;
                        held.moved ||= Math.abs(by) > 4;
                        if (held.moved)
                            setView(() =>
                                moved(held.view, (by / event.currentTarget.clientWidth) * (held.view.to - held.view.from), duration),
                            );
                    }}
                    onPointerUp={(event) => {
                        if (drag.current && !drag.current.moved) seek(pointAt(event, event.currentTarget, view), false);
                        drag.current = null;
                    }}
                />
                {lanes.map((lane) => (
                    <span key={lane.name} class="lane" aria-hidden="true" style={{ top: `${lane.top - 13}px` }}>
                        {lane.name}
                    </span>
                ))}
                {headAt >= 0 && headAt <= 1 && <div class="head" style={{ left: `${headAt * 100}%` }} />}
            </div>
        </>
    );
}
