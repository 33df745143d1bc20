import type { JSX } from "preact";
import type { Audio } from "./api";
import type { Player } from "./player";
import { clock } from "./words";

/** What the player can be told. */
export function Controls(props: {
    player: Player;
    time: number;
    jump: (direction: 1 | -1) => void;
    zoom: (factor: number | null) => void;
    help: () => void;
}): JSX.Element {
    const { player, time, jump, zoom, help } = props;
    return (
        <div class="controls" role="group" aria-label="Player">
            <button
                type="button"
                class="main"
                disabled={player.versions.length === 0}
                onClick={() => player.toggle()}
                aria-keyshortcuts="Space"
            >
                {player.playing ? "❚❚ Pause" : "▶ Play"}
            </button>
            <output class="time" aria-label="Position">
                {clock(time, 1)} <span class="muted">/ {clock(player.duration)}</span>
            </output>
            <div class="choice" role="group" aria-label="What to hear">
                <button
                    type="button"
                    aria-pressed={player.version === "original"}
                    disabled={!player.versions.includes("original")}
                    onClick={() => player.choose("original")}
                >
                    Recorded
                </button>
                <button
                    type="button"
                    aria-pressed={player.version === "heard"}
                    disabled={!player.versions.includes("heard")}
                    onClick={() => player.choose("heard")}
                    aria-keyshortcuts="a"
                >
                    Heard by the model
                </button>
            </div>
            <button type="button" onClick={() => jump(-1)} aria-keyshortcuts="[" title="Previous untrusted">
                ← untrusted
            </button>
            <button type="button" onClick={() => jump(1)} aria-keyshortcuts="]" title="Next untrusted">
                untrusted →
            </button>
            <span class="spring" />
            <div class="choice" role="group" aria-label="Zoom">
                <button type="button" onClick={() => zoom(2)} aria-label="Zoom out">
                    −
                </button>
                <button type="button" onClick={() => zoom(0.5)} aria-label="Zoom in">
                    +
                </button>
                <button type="button" onClick={() => zoom(null)}>
                    All
                </button>
            </div>
            <button type="button" onClick={help} aria-haspopup="dialog">
                Keys
            </button>
        </div>
    );
}

const decodedPerSecond = 600; // seconds of audio, on two cores that are not quite free: docs/dashboard.md

/** What cannot be heard, or not at once, with the reason and what can be done. */
export function Hearing(props: { audio: Audio; duration: number; isAsked: boolean; isOne: boolean; making: boolean; make: () => void }): JSX.Element {
    const { audio, duration, isAsked, isOne, making, make } = props;
    return (
        <>
            {audio.reason && isOne && (
                <p class="note">
                    {isAsked ? "The link asks for what the model heard. " : ""}
                    {audio.heard === "none" ? "What the model heard cannot be played. " : ""}
                    {audio.reason}{" "}
                    {audio.heard === "made" && (
                        <button type="button" onClick={make}>
                            Make it again
                        </button>
                    )}
                </p>
            )}
            {audio.heard === "made" && making && (
                <p class="note" role="status">
                    What the model heard is made again where you play it, five minutes at a time: that takes some seconds each.
                </p>
            )}
            {audio.original === "decoded" && (
                <p class="note">
                    The recording is decoded again from its start when it is played:{" "}
                    {duration < decodedPerSecond * 2
                        ? "that takes a moment."
                        : `for its last minutes that takes about ${Math.ceil(duration / decodedPerSecond)} s, once.`}
                </p>
            )}
        </>
    );
}
