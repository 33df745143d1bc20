import type { JSX } from "preact";
import type { Audio } from "./api";
import type { Player } from "./player";
import { clock } from "./words";

/** What the player can be told. */
export function Controls(props: {
    player: Player;
    audio: Audio;
    time: number;
    jump: (direction: 1 | -1) => void;
    zoom: (factor: number | null) => void;
    help: () => void;
}): JSX.Element {
    const { player, audio, time, jump, zoom, help } = props;
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
                    disabled={audio.original === "none"}
                    onClick={() => player.choose("original")}
                >
                    Recorded
                </button>
                <button
                    type="button"
                    aria-pressed={player.version === "heard"}
                    disabled={audio.heard === "none"}
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
