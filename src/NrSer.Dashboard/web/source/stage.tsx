import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Audio, Model, Recording, Segment } from "./api";
import { Now } from "./here";
import { Controls, Hearing } from "./controls";
import { Help, useKeys } from "./keys";
import { Failure, Still } from "./parts";
import { Legend } from "./legend";
import { Pictures } from "./pictures";
import { Player } from "./player";
import type { Version } from "./player";
import { Exports, SegmentTable } from "./segments";
import { useSegments } from "./paging";
import { Tiles } from "./tiles";
import { indexAt, moved, place, revealed, scaleOf, zoomed } from "./view";
import type { View } from "./view";
import { clock, names } from "./words";

const keysStored = "nrser-keys";

/** The time line with its player, and the segments in step with it. */
export function Stage({ recording, audio, models }: { recording: Recording; audio: Audio; models: Model[] | null }): JSX.Element {
    const id = recording.recordingId;
    const duration = recording.durationSeconds!;
    const channels = recording.channelMode === "Separate" ? Math.max(1, recording.channels ?? 1) : 1;
    const channelThere = (): number => Math.min(place().channel, channels - 1);
    const [channel, setChannel] = useState(channelThere);
    const { segments, whole, error } = useSegments(id, channel);
    const [view, setView] = useState<View>({ from: 0, to: Math.min(duration, Math.max(60, duration > 1200 ? 600 : duration)) });
    const [time, setTime] = useState(0);
    const [, redraw] = useState(0);
    const [help, setHelp] = useState(false);
    const [keys, setKeys] = useState(localStorage.getItem(keysStored) !== "off");
    const [said, setSaid] = useState("");
    const shown = useRef(view);
    shown.current = view;

    // what the model heard is made again only when somebody wants to hear it
    const [making, setMaking] = useState(false);
    const isHeard = audio.heard === "stored" || (audio.heard === "made" && making);
    const versions = useMemo<Version[]>(
        () => [...(audio.original === "none" ? [] : ["original" as const]), ...(isHeard ? ["heard" as const] : [])],
        [audio.original, isHeard],
    );
    const player = useMemo(
        () => new Player(id, channel, duration, versions, () => redraw((count) => count + 1)),
        [id, channel, duration],
    );
    useEffect(() => player.offer(versions), [player, versions]);
    const [drawn, setDrawn] = useState(0);
    const tiles = useMemo(() => new Tiles(id, channel, duration, () => setDrawn((count) => count + 1)), [id, channel, duration]);
    useEffect(() => () => player.close(), [player]);
    useEffect(() => () => tiles.close(), [tiles]);

    const snr = models?.find((model) => model.id === recording.snrLevelModel);
    const emotion = models?.find((model) => model.id === recording.emotionModel);
    const thresholds = useMemo(
        () => ({
            noise: snr?.noiseThreshold ?? null,
            keptDb: snr?.keptEnergyThresholdDb ?? null,
            speech: snr?.speechThreshold ?? null,
            reportable: emotion?.reportableAbove ?? null,
        }),
        [snr, emotion],
    );
    const rated = segments.find((each) => each.ratingScale)?.ratingScale;
    const range = useMemo(() => scaleOf(rated) ?? emotion?.attributeRange ?? null, [rated, emotion]);
    const gain = Math.min(8, 10 ** (-(recording.peakDbfs ?? 0) / 20)); // quiet recordings are drawn larger, all of them alike

    const seek = (to: number, reveal = true): void => {
        player.seek(to);
        setTime(player.time);
        if (reveal) setView((old) => revealed(old, player.time, duration));
    };

    // the address names the place, and the place is taken from it
    useEffect(() => {
        const take = (): void => {
            const given = place();
            if (location.hash && !/[#&][tvc]=/.test(location.hash)) return; // of something else on the page
            setChannel(channelThere());
            if (given.version) player.choose(given.version);
            if (given.time !== null) {
                seek(given.time);
            }
        };
        take();
        window.addEventListener("hashchange", take);
        return () => window.removeEventListener("hashchange", take);
    }, [player]);
    const link = (of = channel): string => `#t=${Math.round(player.time * 100) / 100}&v=${player.meant}${of > 0 ? `&c=${of + 1}` : ""}`;
    useEffect(() => {
        if (player.playing || (time === 0 && player.meant === (versions[0] ?? "original"))) return;
        const wait = window.setTimeout(() => history.replaceState(null, "", location.pathname + link()), 300);
        return () => clearTimeout(wait);
    }, [time, player.playing, player.meant]);

    // while it plays, the head moves and the view turns its pages
    useEffect(() => {
        if (!player.playing) {
            setTime(player.time);
            return;
        }
        let frame = 0;
        let last = -1;
        const step = (): void => {
            const now = player.time;
            if (Math.abs(now - last) > 0.03) {
                last = now;
                setTime(now);
                if (now > shown.current.to || now < shown.current.from) setView(revealed(shown.current, now, duration));
            }
            frame = requestAnimationFrame(step);
        };
        frame = requestAnimationFrame(step);
        return () => cancelAnimationFrame(frame);
    }, [player, player.playing]);

    const current = indexAt(segments, time);
    const now = current >= 0 ? segments[current]! : null;

    const jump = (direction: 1 | -1): void => {
        const from = player.time;
        const untrusted = (each: Segment): boolean => each.isSpeech && each.isReportable === false;
        const target =
            direction > 0
                ? segments.find((each) => each.startSeconds > from + 0.01 && untrusted(each))
                : segments.findLast((each) => each.startSeconds < from - 0.01 && untrusted(each));
        if (target) seek(target.startSeconds);
        const none = whole ? `No untrusted segment ${direction > 0 ? "after" : "before"} this.` : "The segments are still being fetched.";
        setSaid(target ? `Untrusted segment at ${clock(target.startSeconds)}` : none);
    };
    const switchVersion = (): void => {
        if (versions.length < 2) {
            setSaid(audio.reason ?? "There is only one version to hear.");
            return;
        }
        player.choose(player.version === "original" ? "heard" : "original");
        setSaid(player.version === "heard" ? "Now: what the model heard" : "Now: what was recorded");
    };
    const zoom = (factor: number, at = player.time): void => setView((old) => zoomed(old, factor, at, duration));
    const pan = (share: number): void => setView((old) => moved(old, (old.to - old.from) * share, duration));

    const actions: Record<string, () => void> = {
        " ": () => player.toggle(),
        k: () => player.toggle(),
        j: () => seek(player.time - 10),
        l: () => seek(player.time + 10),
        ArrowLeft: () => seek(player.time - 2),
        ArrowRight: () => seek(player.time + 2),
        ArrowUp: () => zoom(0.5),
        ArrowDown: () => zoom(2),
        Home: () => seek(0),
        End: () => seek(duration),
        "[": () => jump(-1),
        "]": () => jump(1),
        a: switchVersion,
        "+": () => zoom(0.5),
        "-": () => zoom(2),
        "?": () => setHelp(true),
    };
    useKeys(actions, keys);

    return (
        <>
            <section class="card stage" aria-label="Time line">
                <Still of={[player, player.playing, player.version, player.versions, time, segments, duration]}>
                    <Controls
                        player={player}
                        time={time}
                        jump={jump}
                        zoom={(factor) => (factor === null ? setView({ from: 0, to: duration }) : zoom(factor))}
                        help={() => setHelp(true)}
                    />
                </Still>
                {channels > 1 && (
                    <label>
                        Channel{" "}
                        <select
                            value={channel}
                            onChange={(event) => {
                                const chosen = Number(event.currentTarget.value);
                                history.replaceState(null, "", location.pathname + link(chosen)); // its player goes on from there
                                setChannel(chosen);
                            }}
                        >
                            {Array.from({ length: channels }, (_, each) => (
                                <option key={each} value={each}>
                                    {each + 1}
                                </option>
                            ))}
                        </select>
                    </label>
                )}
                <Hearing
                    audio={audio}
                    duration={duration}
                    isAsked={player.wished === "heard"}
                    isOne={versions.length < 2}
                    making={making}
                    make={() => setMaking(true)}
                />
                <Failure error={player.error} />
                {player.waiting && (
                    <p class="muted" role="status">
                        Fetching…
                    </p>
                )}

                <Pictures
                    tiles={tiles}
                    drawn={drawn}
                    redraw={() => setDrawn((count) => count + 1)}
                    view={view}
                    version={player.version}
                    setView={setView}
                    time={time}
                    duration={duration}
                    range={range}
                    gain={gain}
                    now={now}
                    seek={seek}
                    by={(seconds) => seek(player.time + seconds)}
                />
                <div class="controls small" role="group" aria-label="View">
                    <button type="button" onClick={() => pan(-0.8)} aria-label="Earlier">
                        ◀
                    </button>
                    <button type="button" onClick={() => pan(0.8)} aria-label="Later">
                        ▶
                    </button>
                    <span class="muted">
                        {clock(view.from, view.to - view.from < 20 ? 1 : 0)} – {clock(view.to, view.to - view.from < 20 ? 1 : 0)}
                    </span>
                    <span class="spring" />
                    <p class="legend lines">
                        <span class="key wave">{player.version === "heard" ? "as the model heard it" : "as it was recorded"}</span>{" "}
                        {player.version === "heard" && <span class="key wave pale">as it was recorded</span>}{" "}
                        <span class="key score">S</span> <span class="key weight dashed">S′</span> <span class="key gate">gate closed</span>
                        {range && (
                            <>
                                <span class="key arousal">arousal</span> <span class="key valence dashed">valence</span>
                            </>
                        )}
                    </p>
                </div>
                <Still of={[emotion, segments]}>
                    <Legend
                        of={names.filter((name) => (emotion ? emotion.emotions.includes(name) : segments.some((each) => each.emotion === name)))}
                    >
                        <span class="muted">pale and with “?”: unsure, not counted</span>
                    </Legend>
                </Still>
                <p class="sr" role="status">
                    {said}
                </p>
            </section>

            <Still of={[now, thresholds, range, player]}>
                <Now segment={now} thresholds={thresholds} range={range} link={() => `${location.origin}${location.pathname}${link()}`} />
            </Still>
            <Still of={[recording, segments, whole, error, current, thresholds, player, duration]}>
                <SegmentTable
                    recording={recording}
                    segments={segments}
                    whole={whole}
                    error={error}
                    current={current}
                    thresholds={thresholds}
                    seek={seek}
                />
            </Still>
            <Still of={[id, channel, versions]}>
                <Exports id={id} channel={channel} versions={versions} />
            </Still>

            {help && (
                <Help
                    keys={keys}
                    close={() => setHelp(false)}
                    change={(on) => {
                        setKeys(on);
                        localStorage.setItem(keysStored, on ? "on" : "off");
                    }}
                />
            )}
        </>
    );
}
