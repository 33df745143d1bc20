using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Work.StorageQueues;

/// <summary>Peek-lock over an Azure storage queue: visibility is the lock, and a second queue holds what was given up.</summary>
public sealed class StorageWorkQueue : IWorkQueue
{
    private const int MaxMessageChars = 64 * 1024; // the service's limit; generated JSON is ASCII
    private const int QuotedChars = 2000; // however they are escaped, two such texts fit a message

    private static readonly TimeSpan s_forever = TimeSpan.FromSeconds(-1); // a message must not expire while an archive waits

    private readonly Lazy<QueueClient> _queue;
    private readonly Lazy<QueueClient> _poison;
    private readonly QueueOptions _options;

    /// <param name="queues">The account's queues.</param>
    /// <param name="name">The queue.</param>
    /// <param name="options">Lock and attempts.</param>
    public StorageWorkQueue(StorageQueueAccount queues, string name, QueueOptions options)
    {
        ArgumentNullException.ThrowIfNull(queues);
        ArgumentNullException.ThrowIfNull(options);
        _queue = new Lazy<QueueClient>(() => queues.Queue(name));
        _poison = new Lazy<QueueClient>(() => queues.Queue(StorageNames.PoisonOf(name)));
        _options = options;
        Name = name;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public async Task SendAsync(IReadOnlyCollection<WorkMessage> messages, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(messages);
        foreach (WorkMessage message in messages)
        {
            await _queue.Value.SendMessageAsync(Wrap(message, message.Body, default), visibilityTimeout: null, s_forever,
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<WorkDelivery>> ReceiveAsync(int max, CancellationToken cancellationToken)
    {
        QueueMessage[] messages = await _queue.Value.ReceiveMessagesAsync(max, _options.LockDuration, cancellationToken).ConfigureAwait(false);
        return [.. messages.Select(message => new Delivery(this, message, Open(message)))];
    }

    /// <inheritdoc/>
    public async Task<DateTimeOffset?> OldestSentAtAsync(CancellationToken cancellationToken)
    {
        PeekedMessage[] messages = await _queue.Value.PeekMessagesAsync(32, cancellationToken).ConfigureAwait(false);
        return messages.Length == 0 ? null : messages.Min(message => message.InsertedOn);
    }

    private static string Wrap(WorkMessage message, string body, Attempts attempts) => JsonSerializer.Serialize(
        new EnvelopeV1(message.MessageId, message.TraceParent, body, attempts.Failed, attempts.GivenBack), MessageJsonContext.Default.EnvelopeV1);

    /// <summary>Which message a queue entry holds.</summary>
    /// <param name="text">Of the entry.</param>
    /// <returns>Its id; null where the text is no envelope.</returns>
    public static string? MessageIdOf(string text) => Open(text)?.MessageId;

    /// <summary>What a queue entry holds; a body that is no envelope is passed on as it is, for the stage to refuse.</summary>
    private static EnvelopeV1 Open(QueueMessage message)
    {
        string text = TextOf(message.Body?.ToString() ?? "");
        return Open(text) ?? new EnvelopeV1(message.MessageId, TraceParent: null, text);
    }

    private static EnvelopeV1? Open(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, MessageJsonContext.Default.EnvelopeV1);
        }
        catch (JsonException)
        {
            return null; // not ours: Event Grid can deliver to storage queues too, and puts the bare event there
        }
    }

    /// <summary>Event Grid wraps its text in Base64, as older clients do; whatever else there is must not stop the queue.</summary>
    private static string TextOf(string body)
    {
        byte[] bytes = new byte[body.Length];
        return Convert.TryFromBase64String(body, bytes, out int length) ? Encoding.UTF8.GetString(bytes, 0, length) : body;
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001",
        Justification = "The semaphore never makes a wait handle: nothing to dispose.")]
    private sealed class Delivery(StorageWorkQueue owner, QueueMessage received, EnvelopeV1 envelope) : WorkDelivery(
        new WorkMessage(envelope.MessageId, envelope.Body, envelope.TraceParent) { Lane = StageQueues.LaneOf(owner.Name) },
        Attempts.Of(received.DequeueCount, envelope.Failed, envelope.GivenBack), received.InsertedOn)
    {
        private readonly SemaphoreSlim _gate = new(1, 1); // every update changes the receipt that the next one needs
        private string _receipt = received.PopReceipt;

        public override Task<bool> RenewAsync(CancellationToken cancellationToken) =>
            HideAsync(owner._options.LockDuration, body: null, cancellationToken);

        public override async Task CompleteAsync(CancellationToken cancellationToken)
        {
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await owner._queue.Value.DeleteMessageAsync(received.MessageId, _receipt, cancellationToken).ConfigureAwait(false);
            }
            catch (RequestFailedException lost) when (IsLost(lost))
            {
                // The lock ran out and another has it: it will find the work done.
            }
            finally
            {
                _gate.Release();
            }
        }

        public override Task AbandonAsync(TimeSpan delay, CancellationToken cancellationToken) =>
            HideAsync(delay, Wrap(Message, Message.Body, Attempts with { Failed = Attempts.Failed + 1 }), CancellationToken.None);

        public override Task GiveBackAsync(CancellationToken cancellationToken) =>
            HideAsync(TimeSpan.Zero, Wrap(Message, Message.Body, Attempts with { GivenBack = Attempts.GivenBack + 1 }), cancellationToken);

        public override async Task DeadLetterAsync(string reason, CancellationToken cancellationToken)
        {
            if (!await RenewAsync(cancellationToken).ConfigureAwait(false))
                return; // another has it, and may do better
            string letter = LetterOf(Message.Body, Start(reason));
            if (letter.Length > MaxMessageChars)
                letter = LetterOf(Start(Message.Body), Start(reason)); // far longer than any of ours: no stage would have understood it
            await owner._poison.Value.SendMessageAsync(letter, visibilityTimeout: null, s_forever, cancellationToken).ConfigureAwait(false);
            await CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        /// <summary>A letter travels like any message, so that its handling belongs to the same trace.</summary>
        private string LetterOf(string body, string reason) =>
            Wrap(Message, JsonSerializer.Serialize(new DeadLetterV1(Message.MessageId, body, reason), MessageJsonContext.Default.DeadLetterV1),
                default);

        private static string Start(string text) => text.Length <= QuotedChars ? text : $"{text[..QuotedChars]}…";

        /// <param name="period">For so long.</param>
        /// <param name="body">What the message says from now on; null for what it said. One too long for the queue is not written.</param>
        /// <param name="cancellationToken">Stops the request.</param>
        private async Task<bool> HideAsync(TimeSpan period, string? body, CancellationToken cancellationToken)
        {
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                UpdateReceipt receipt = await owner._queue.Value.UpdateMessageAsync(
                    received.MessageId, _receipt, body?.Length <= MaxMessageChars ? body : null, period, cancellationToken).ConfigureAwait(false);
                _receipt = receipt.PopReceipt;
                return true;
            }
            catch (RequestFailedException lost) when (IsLost(lost))
            {
                return false;
            }
            finally
            {
                _gate.Release();
            }
        }

        private static bool IsLost(RequestFailedException error) => error.Status == 404 || error.ErrorCode == QueueErrorCode.PopReceiptMismatch;
    }
}
