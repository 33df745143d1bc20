// The emulator outlives an owner that was killed. What it says then has no reader, and must not end it before it has saved its data.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
