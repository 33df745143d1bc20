"""Writes stoi.json: what pystoi (github.com/mpariente/pystoi, the authors' measure in Python) says of the signals that StoiTests makes."""

import json
import pathlib

import numpy as np
import pystoi

RATES_HZ = (10000, 16000)


def signal(noise, rate_hz):
    t = np.arange(2 * rate_hz) / rate_hz
    voice = sum(np.sin(2 * np.pi * 220 * k * t) * (0.5 + 0.5 * np.sin(2 * np.pi * (1.5 + 0.7 * k) * t + k)) / k for k in range(1, 13))
    state, uniform = 1, []
    for _ in t:
        state = (state * 1664525 + 1013904223) % 2 ** 32
        uniform.append(state / 2 ** 32 - 0.5)
    return np.where((t > 0.9) & (t < 1.1), 0, 0.2 * voice) + noise * np.array(uniform)


def main():
    scores = {f"scoresAt{rate}Hz": [{"noise": share, "stoi": float(pystoi.stoi(signal(0, rate), signal(share, rate), rate))}
                                    for share in (0.05, 0.2, 0.5, 1.0, 3.0)]
              for rate in RATES_HZ}
    path = pathlib.Path(__file__).parent / "stoi.json"
    path.write_text(json.dumps({"source": "pystoi 0.4.1", **scores}, indent=2) + "\n")
    print(path.read_text())


if __name__ == "__main__":
    main()
