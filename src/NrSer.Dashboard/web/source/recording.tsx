import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Audio, Model, Open, Recording, Segment } from "./api";
import { get, post, Problem, query, root } from "./api";
import { draw, drawMinimap, lanes, lanesHeight, Tiles } from "./lanes";
import type { View } from "./lanes";
import { Chip, Failure, Heading, LongTable, Status, useAnswer } from "./parts";
import { download, Player } from "./player";
import type { Version } from "./player";
import { clock, heard, isOpen, minute, nameOf, names, number, percent, spoken, tame, why } from "./words";

interface Detail {
  recording: Recording;
  audio: Audio;
}

const keysStored = "nrser-keys";

/** #t=754.25&v=heard */
function place(): { time: number | null; version: Version | null } {
  const given = new URLSearchParams(location.hash.slice(1));
  const time = Number.parseFloat(given.get("t") ?? "");
  const version = given.get("v");
  return { time: Number.isFinite(time) && time >= 0 ? time : null, version: version === "heard" || version === "original" ? version : null };
}

export function RecordingView({ id, models, open }: { id: string; models: Model[] | null; open: Open | null }): JSX.Element {
  const working = open?.recordings.find((each) => each.recordingId === id);
  const [again, setAgain] = useState(0);
  const { value, error } = useAnswer<Detail>(`/recordings/${encodeURIComponent(id)}`, again);
  const progress = working ? `${working.status} ${working.finishedChunks}` : open ? "ended" : "";
  useEffect(() => setAgain((count) => count + 1), [progress]);
  useEffect(() => {
    document.title = value ? `${nameOf(value.recording)} – NrSer` : "Recording – NrSer";
  }, [value]);
  if (error && !value) return <><Heading>Recording</Heading><Failure error={error} /><p><a href="/recordings">All recordings</a></p></>;
  if (!value) return <><Heading>Recording</Heading><p role="status">Looking…</p></>;
  const { recording, audio } = value;
  return (
    <>
      <p class="crumbs"><a href="/recordings">Recordings</a></p>
      <div class="title">
        <Heading><bdi class="long">{nameOf(recording)}</bdi></Heading>
        <Status status={recording.status} />
      </div>
      <Facts recording={recording} />
      {working?.expectedChunks ? <p role="status"><progress value={working.finishedChunks} max={working.expectedChunks} aria-label="Progress" /> {working.finishedChunks} of {working.expectedChunks} pieces</p> : null}
      {recording.reason ? <p class="failure"><strong>{recording.status}:</strong> {tame(recording.reason)}</p> : null}
      {recording.warnings ? <p class="note"><strong>Noticed while it was read:</strong> {tame(recording.warnings)}</p> : null}
      {(recording.status === "Failed" || recording.status === "Rejected") && <Retry recording={recording} done={() => setAgain((count) => count + 1)} />}
      {recording.durationSeconds !== null && (recording.status === "Completed" || recording.status === "Failed" || isOpen(recording)) && (
        <Stage key={`${recording.status} ${recording.segmentCount}`} recording={recording} audio={audio} models={models} />
      )}
    </>
  );
}

function Facts({ recording }: { recording: Recording }): JSX.Element {
  const facts: [string, string | null][] = [
    ["Uploaded", `${minute(recording.uploadedAt)} UTC`],
    ["Recorded", recording.recordedAt ? `${minute(recording.recordedAt)} UTC` : null],
    ["Length", recording.durationSeconds === null ? null : clock(recording.durationSeconds)],
    ["Speech", recording.durationSeconds && recording.speechSeconds !== null ? percent(recording.speechSeconds / recording.durationSeconds) : null],
    ["Mean S", recording.meanSnrScore === null ? null : number(recording.meanSnrScore)],
    ["Source", recording.encoding ? `${recording.encoding}, ${recording.sampleRateHz} Hz, ${recording.channels} channel${recording.channels === 1 ? "" : "s"}` : null],
    ["Models", [recording.enhancerModel, recording.snrLevelModel, recording.emotionModel].filter(Boolean).join(", ") || null],
    ["Quality", recording.modelQuality],
  ];
  return <dl class="facts">{facts.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

function Retry({ recording, done }: { recording: Recording; done: () => void }): JSX.Element {
  const [state, setState] = useState<"" | "asked" | Problem>("");
  if (recording.retryRequested || state === "asked") return <p role="status" class="note">It will be started again within moments.</p>;
  return (
    <>
      <button type="button" onClick={() => void post(`/recordings/${recording.recordingId}/retry`).then(() => { setState("asked"); done(); }, setState)}>Start again</button>
      {state instanceof Problem && <Failure error={state} />}
    </>
  );
}

function Stage({ recording, audio, models }: { recording: Recording; audio: Audio; models: Model[] | null }): JSX.Element {
  const id = recording.recordingId;
  const duration = recording.durationSeconds!;
  const channels = recording.channelMode === "Separate" ? Math.max(1, recording.channels ?? 1) : 1;
  const [channel, setChannel] = useState(0);
  const [segments, setSegments] = useState<Segment[]>([]);
  const [whole, setWhole] = useState(false);
  const [error, setError] = useState<Problem | null>(null);
  const [view, setView] = useState<View>({ from: 0, to: Math.min(duration, Math.max(60, duration > 1200 ? 600 : duration)) });
  const [time, setTime] = useState(0);
  const [, redraw] = useState(0);
  const [help, setHelp] = useState(false);
  const [keys, setKeys] = useState(localStorage.getItem(keysStored) !== "off");
  const [follow, setFollow] = useState(true);
  const [said, setSaid] = useState("");
  const canvas = useRef<HTMLCanvasElement>(null);
  const minimap = useRef<HTMLCanvasElement>(null);
  const shown = useRef(view);
  shown.current = view;

  const versions = useMemo<Version[]>(
    () => [...(audio.original === "none" ? [] : ["original" as const]), ...(audio.heard === "none" ? [] : ["heard" as const])], [audio.original, audio.heard]);
  const player = useMemo(() => new Player(id, channel, duration, versions, () => redraw((count) => count + 1)), [id, channel, duration, versions]);
  const [drawn, setDrawn] = useState(0);
  const tiles = useMemo(() => new Tiles(id, channel, duration, () => setDrawn((count) => count + 1)), [id, channel, duration]);
  useEffect(() => () => player.close(), [player]);
  useEffect(() => () => tiles.close(), [tiles]);

  const snr = models?.find((model) => model.id === recording.snrLevelModel);
  const emotion = models?.find((model) => model.id === recording.emotionModel);
  const thresholds = { noise: snr?.noiseThreshold ?? null, keptDb: snr?.keptEnergyThresholdDb ?? null, reportable: emotion?.reportableAbove ?? null };
  const range = emotion?.attributeRange ?? null;

  // every segment, page by page: 10 h are 9,000 rows
  useEffect(() => {
    const stop = new AbortController();
    setSegments([]);
    setWhole(false);
    void (async () => {
      let cursor: string | null = null;
      const all: Segment[] = [];
      do {
        const page: { segments: Segment[]; cursor: string | null } = await get(`/recordings/${id}/segments${query({ channel, limit: 1000, cursor })}`, stop.signal);
        all.push(...page.segments);
        setSegments([...all]);
        cursor = page.cursor;
      } while (cursor !== null);
      setWhole(true);
    })().catch((problem: Problem) => problem.name !== "AbortError" && setError(problem));
    return () => stop.abort();
  }, [id, channel]);

  const seek = (to: number, reveal = true): void => {
    player.seek(to);
    setTime(player.time);
    if (reveal) setView((old) => revealed(old, player.time, duration));
  };

  // the address names the place, and the place is taken from it
  useEffect(() => {
    const take = (): void => {
      const given = place();
      if (given.version) player.choose(given.version);
      if (given.time !== null) {
        seek(given.time);
      }
    };
    take();
    window.addEventListener("hashchange", take);
    return () => window.removeEventListener("hashchange", take);
  }, [player]);
  const link = (): string => `#t=${Math.round(player.time * 100) / 100}&v=${player.version}`;
  useEffect(() => {
    if (player.playing || (time === 0 && player.version === (versions[0] ?? "original"))) return;
    const wait = window.setTimeout(() => history.replaceState(null, "", location.pathname + link()), 300);
    return () => clearTimeout(wait);
  }, [time, player.playing, player.version]);

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

  // pictures: once a frame, and only when something changed
  useEffect(() => {
    const frame = requestAnimationFrame(() => canvas.current && draw(canvas.current, tiles, view, range));
    return () => cancelAnimationFrame(frame);
  }, [view, tiles, drawn, range]);
  useEffect(() => {
    const frame = requestAnimationFrame(() => minimap.current && drawMinimap(minimap.current, tiles));
    return () => cancelAnimationFrame(frame);
  }, [tiles, drawn]);
  useEffect(() => {
    const again = (): void => setDrawn((count) => count + 1);
    const watch = new ResizeObserver(again);
    if (canvas.current) watch.observe(canvas.current);
    const media = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((each) => matchMedia(each));
    for (const each of media) each.addEventListener("change", again);
    return () => {
      watch.disconnect();
      for (const each of media) each.removeEventListener("change", again);
    };
  }, []);

  const current = indexAt(segments, time);
  const now = current >= 0 ? segments[current]! : null;

  const jump = (direction: 1 | -1): void => {
    const from = player.time;
    const untrusted = (each: Segment): boolean => each.isSpeech && each.isReportable === false;
    const target = direction > 0 ? segments.find((each) => each.startSeconds > from + 0.01 && untrusted(each))
      : segments.findLast((each) => each.startSeconds < from - 0.01 && untrusted(each));
    if (target) seek(target.startSeconds);
    setSaid(target ? `Untrusted segment at ${clock(target.startSeconds)}` : `No untrusted segment ${direction > 0 ? "after" : "before"} this.`);
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
    " ": () => player.toggle(), k: () => player.toggle(), j: () => seek(player.time - 10), l: () => seek(player.time + 10),
    ArrowLeft: () => seek(player.time - 2), ArrowRight: () => seek(player.time + 2), ArrowUp: () => zoom(0.5), ArrowDown: () => zoom(2),
    Home: () => seek(0), End: () => seek(duration), "[": () => jump(-1), "]": () => jump(1), a: switchVersion, "+": () => zoom(0.5), "-": () => zoom(2), "?": () => setHelp(true),
  };
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

  const pointAt = (event: { clientX: number }, element: HTMLElement, of: View): number => {
    const box = element.getBoundingClientRect();
    return of.from + ((event.clientX - box.left) / box.width) * (of.to - of.from);
  };
  useEffect(() => {
    const element = canvas.current!;
    const wheel = (event: WheelEvent): void => {
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
      if (event.ctrlKey) zoom(Math.exp(event.deltaY / 300), pointAt(event, element, shown.current));
      else if (sideways) setView((old) => moved(old, ((old.to - old.from) * sideways) / element.clientWidth, duration));
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
      <section class="card stage" aria-label="Time line">
        <div class="controls" role="group" aria-label="Player">
          <button type="button" class="main" disabled={versions.length === 0} onClick={() => player.toggle()} aria-keyshortcuts="Space">{player.playing ? "❚❚ Pause" : "▶ Play"}</button>
          <output class="time" aria-label="Position">{clock(time, 1)} <span class="muted">/ {clock(duration)}</span></output>
          <div class="choice" role="group" aria-label="What to hear">
            <button type="button" aria-pressed={player.version === "original"} disabled={audio.original === "none"} onClick={() => player.choose("original")}>Recorded</button>
            <button type="button" aria-pressed={player.version === "heard"} disabled={audio.heard === "none"} onClick={() => player.choose("heard")} aria-keyshortcuts="a">Heard by the model</button>
          </div>
          <button type="button" onClick={() => jump(-1)} aria-keyshortcuts="[" title="Previous untrusted">← untrusted</button>
          <button type="button" onClick={() => jump(1)} aria-keyshortcuts="]" title="Next untrusted">untrusted →</button>
          <span class="spring" />
          <div class="choice" role="group" aria-label="Zoom">
            <button type="button" onClick={() => zoom(2)} aria-label="Zoom out">−</button>
            <button type="button" onClick={() => zoom(0.5)} aria-label="Zoom in">+</button>
            <button type="button" onClick={() => setView({ from: 0, to: duration })}>All</button>
          </div>
          <button type="button" onClick={() => setHelp(true)} aria-haspopup="dialog">Keys</button>
        </div>
        {channels > 1 && (
          <label>Channel <select value={channel} onChange={(event) => setChannel(Number(event.currentTarget.value))}>{Array.from({ length: channels }, (_, each) => <option key={each} value={each}>{each + 1}</option>)}</select></label>
        )}
        {audio.reason && versions.length < 2 && <p class="note">{audio.heard === "none" ? "What the model heard cannot be played. " : ""}{audio.reason}</p>}
        {audio.original === "decoded" && <p class="note">The recording is decoded again when it is played: that takes a moment.</p>}
        <Failure error={player.error} />
        {player.waiting && <p class="muted" role="status">Fetching…</p>}

        <div class="minimap" role="slider" tabIndex={0} aria-label="Position in the recording" aria-valuemin={0} aria-valuemax={Math.round(duration)} aria-valuenow={Math.round(time)}
          aria-valuetext={`${spoken(time)} of ${spoken(duration)}${now ? `, ${heard(now)}` : ""}`}
          onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); seek(pointAt(event, event.currentTarget, { from: 0, to: duration })); }}
          onPointerMove={(event) => event.buttons === 1 && seek(pointAt(event, event.currentTarget, { from: 0, to: duration }))}
          onKeyDown={(event) => {
            const by: Record<string, number> = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageUp: 60, PageDown: -60, Home: -duration, End: duration };
            if (by[event.key] === undefined) return;
            event.preventDefault();
            event.stopPropagation();
            seek(player.time + by[event.key]!);
          }}>
          <canvas ref={minimap} aria-hidden="true" />
          <div class="window" style={{ left: share(view.from), width: share(view.to - view.from) }} />
          <div class="head" style={{ left: share(time) }} />
        </div>

        <div class="lanes">
          <canvas ref={canvas} style={{ height: `${lanesHeight}px` }} role="img"
            aria-label={`Lanes from ${spoken(view.from)} to ${spoken(view.to)}: sound, trust, what was heard, arousal and valence. The table below has the same, segment by segment.`}
            onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); drag.current = { x: event.clientX, view, moved: false }; }}
            onPointerMove={(event) => {
              const held = drag.current;
              if (!held || event.buttons !== 1) return;
              const by = held.x - event.clientX;
              held.moved ||= Math.abs(by) > 4;
              if (held.moved) setView(moved(held.view, (by / event.currentTarget.clientWidth) * (held.view.to - held.view.from), duration));
            }}
            onPointerUp={(event) => { if (drag.current && !drag.current.moved) seek(pointAt(event, event.currentTarget, view), false); drag.current = null; }} />
          {lanes.map((lane) => <span key={lane.name} class="lane" aria-hidden="true" style={{ top: `${lane.top}px` }}>{lane.name}</span>)}
          {headAt >= 0 && headAt <= 1 && <div class="head" style={{ left: `${headAt * 100}%` }} />}
        </div>
        <div class="controls small" role="group" aria-label="View">
          <button type="button" onClick={() => pan(-0.8)} aria-label="Earlier">◀</button>
          <button type="button" onClick={() => pan(0.8)} aria-label="Later">▶</button>
          <span class="muted">{clock(view.from, view.to - view.from < 20 ? 1 : 0)} – {clock(view.to, view.to - view.from < 20 ? 1 : 0)}</span>
          <span class="spring" />
          <p class="legend lines">
            <span class="key score">S</span> <span class="key weight dashed">S′</span> <span class="key gate">gate closed</span>
            {range && <><span class="key arousal">arousal</span> <span class="key valence dashed">valence</span></>}
          </p>
        </div>
        <p class="legend">{names.filter((name) => emotion ? emotion.emotions.includes(name) : segments.some((each) => each.emotion === name)).map((name) => <Chip key={name} emotion={name} />)} <span class="muted">pale and with “?”: unsure, not counted</span></p>
        <p class="sr" role="status">{said}</p>
      </section>

      <Now segment={now} thresholds={thresholds} range={range} link={() => `${location.origin}${location.pathname}${link()}`} />

      <section aria-labelledby="segments">
        <div class="title">
          <h2 id="segments">Segments <span class="muted">{segments.length.toLocaleString("en")}{whole ? "" : "…"}</span></h2>
          <label class="check"><input type="checkbox" checked={follow} onChange={(event) => setFollow(event.currentTarget.checked)} /> follow the player</label>
        </div>
        <Failure error={error} />
        {whole && segments.length === 0 ? <p class="card empty">It has no segments{isOpen(recording) ? " yet" : ""}.</p> : (
          <LongTable
            label="Segments" rows={segments} rowHeight={40} columns={7} show={follow ? current : null}
            head={<tr><th scope="col">From</th><th scope="col" class="wide">To</th><th scope="col">Heard</th><th scope="col" class="num">Probability</th><th scope="col" class="num">Trust</th><th scope="col" class="num wide">S</th><th scope="col" class="num wide">S′</th></tr>}
            row={(segment, at) => ({
              key: `${segment.channel} ${segment.startSeconds}`, current: at === current, class: at === current ? "current" : undefined,
              cells: (
                <>
                  <th scope="row"><button type="button" class="link" onClick={() => seek(segment.startSeconds)} aria-label={`Go to ${spoken(segment.startSeconds)}`}>{clock(segment.startSeconds, 1)}</button></th>
                  <td class="wide">{clock(segment.endSeconds, 1)}</td>
                  <td title={why(segment, thresholds) ?? undefined}>{segment.emotion ? <Chip emotion={segment.emotion} unsure={segment.isReportable === false} /> : <span class="muted">{heard(segment)}</span>}</td>
                  <td class="num">{percent(segment.confidence)}</td>
                  <td class="num">{number(segment.trust)}</td>
                  <td class="num wide">{number(segment.snrScore)}</td>
                  <td class="num wide">{number(segment.mixWeight)}</td>
                </>
              ),
            })}
          />
        )}
      </section>

      <section class="card" aria-labelledby="take">
        <h2 id="take">Take it with you</h2>
        <ul class="plain exports">
          {([["csv", "CSV"], ["vtt", "WebVTT captions"], ["audacity", "Audacity labels"], ["textgrid", "Praat TextGrid"], ["eaf", "ELAN"], ["chapters", "Podcast chapters"]] as const).map(([format, name]) => (
            <li key={format}><a href={`${root}/recordings/${id}/export/${format}?channel=${channel}`} download>{name}</a></li>
          ))}
          {versions.map((version) => <li key={version}><a href={download(id, version, channel)} download={`${id}-${version}.wav`}>WAV, {version === "heard" ? "as the model heard it" : "as it was recorded"}</a></li>)}
        </ul>
      </section>

      {help && <Help keys={keys} close={() => setHelp(false)} change={(on) => { setKeys(on); localStorage.setItem(keysStored, on ? "on" : "off"); }} />}
    </>
  );
}

function Now({ segment, thresholds, range, link }: {
  segment: Segment | null; thresholds: Parameters<typeof why>[1]; range: [number, number] | null; link: () => string;
}): JSX.Element {
  const [copied, setCopied] = useState("");
  const reason = segment && why(segment, thresholds);
  const probabilities = segment ? names.map((name) => [name, segment[`probability_${name}`] ?? null] as const).filter((each): each is readonly [string, number] => each[1] !== null) : [];
  return (
    <section class="card now" aria-labelledby="now">
      <div class="title">
        <h2 id="now">What was heard here</h2>
        <button type="button" onClick={() => void navigator.clipboard.writeText(link()).then(() => setCopied("Copied."), () => setCopied(link()))}>Copy link to this second</button>
      </div>
      <p class="sr" role="status">{copied}</p>
      {!segment && <p class="muted">Nothing: no segment lies here.</p>}
      {segment && (
        <>
          <p>
            {clock(segment.startSeconds, 1)} – {clock(segment.endSeconds, 1)}:{" "}
            {segment.emotion ? <Chip emotion={segment.emotion} unsure={segment.isReportable === false} /> : <strong>{heard(segment)}</strong>}
            {segment.trust !== null && <> · trust {number(segment.trust)}</>} · S {number(segment.snrScore)} · S′ {number(segment.mixWeight)}
            {segment.mixWeight >= 0.995 ? " (the recording itself was heard)" : segment.mixWeight <= 0.005 ? " (the enhanced voice alone was heard)" : ""}
          </p>
          {reason && <p class="note"><strong>Why no emotion is reported:</strong> {reason}</p>}
          {probabilities.length > 0 && (
            <ul class="plain bars" aria-label="Probabilities">
              {[...probabilities].sort((a, b) => b[1] - a[1]).map(([name, value]) => <li key={name}><Chip emotion={name} /> <meter min={0} max={1} value={value} aria-label={name} /> {percent(value)}</li>)}
            </ul>
          )}
          {segment.arousal !== null && <p class="muted">Arousal {number(segment.arousal)}, valence {number(segment.valence)}, dominance {number(segment.dominance)}{range ? ` on a scale from ${range[0]} to ${range[1]}` : ""}.</p>}
        </>
      )}
    </section>
  );
}

function Help({ keys, close, change }: { keys: boolean; close: () => void; change: (on: boolean) => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const rows: [string, string][] = [
    ["Space, K", "play or pause"], ["J, L", "10 s back, 10 s on"], ["← →", "2 s back, 2 s on"], ["Home, End", "start, end"], ["[ ]", "previous, next untrusted segment"],
    ["A", "what was recorded, or what the model heard"], ["↑ ↓, + −", "zoom in, zoom out"], ["?", "this"],
  ];
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="keys">
      <h2 id="keys">Keys</h2>
      <table><tbody>{rows.map(([key, does]) => <tr key={key}><th scope="row"><kbd>{key}</kbd></th><td>{does}</td></tr>)}</tbody></table>
      <p>On the picture: drag moves it, Ctrl and the wheel zoom, a click goes there.</p>
      <label class="check"><input type="checkbox" checked={keys} onChange={(event) => change(event.currentTarget.checked)} /> use these keys</label>
      <p><button type="button" onClick={() => dialog.current?.close()}>Close</button></p>
    </dialog>
  );
}

const least = 1;

function bounded(from: number, length: number, duration: number): View {
  const kept = Math.min(duration, Math.max(Math.min(least, duration), length));
  const start = Math.max(0, Math.min(from, duration - kept));
  return { from: start, to: start + kept };
}

const moved = (view: View, by: number, duration: number): View => bounded(view.from + by, view.to - view.from, duration);

function zoomed(view: View, factor: number, at: number, duration: number): View {
  const length = Math.min(duration, Math.max(least, (view.to - view.from) * factor));
  const fixed = at >= view.from && at <= view.to ? at : (view.from + view.to) / 2;
  return bounded(fixed - ((fixed - view.from) / (view.to - view.from)) * length, length, duration);
}

const revealed = (view: View, at: number, duration: number): View =>
  at >= view.from && at <= view.to ? view : bounded(at - (view.to - view.from) * 0.1, view.to - view.from, duration);

function indexAt(segments: Segment[], seconds: number): number {
  let low = 0;
  let high = segments.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (segments[middle]!.endSeconds <= seconds) low = middle + 1;
    else if (segments[middle]!.startSeconds > seconds) high = middle - 1;
    else return middle;
  }
  return -1;
}
