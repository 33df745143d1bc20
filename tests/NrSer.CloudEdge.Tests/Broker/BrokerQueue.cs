using System.Runtime.CompilerServices;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;

namespace NrSer.CloudEdge.Tests.Broker;

/// <summary>A queue of <see cref="ServiceBusBroker"/>, or its dead-letter queue.</summary>
/// <param name="name">Its name.</param>
/// <param name="lockDuration">Of its peek-lock.</param>
/// <param name="deadLetters">Where rejected messages go; null for a dead-letter queue.</param>
/// <param name="time">The clock that locks run out by.</param>
internal sealed class BrokerQueue(string name, TimeSpan lockDuration, BrokerQueue? deadLetters, TimeProvider time)
{
    private static readonly ConditionalWeakTable<Message, object> s_locks = [];

    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private readonly List<Outlet> _outlets = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<string> _settlements = [];
    private long _sequence;
    private int _locks;

    private DateTimeOffset Now => time.GetUtcNow();

    public string Name => name;

    /// <summary>Takes a second message of the same id for a copy, as a queue with duplicate detection does.</summary>
    public bool DetectsDuplicates { get; set; }

    /// <summary>Deliveries after which a message is dead-lettered by the queue itself.</summary>
    public int MaxDeliveries { get; set; } = 20;

    /// <summary>Messages that are there, in work or not.</summary>
    public int Count => Locked(() => _entries.Count);

    /// <summary>Messages in work.</summary>
    public int InWork => Locked(() => _entries.Count(entry => entry.Lock is not null));

    /// <summary>How many times locks were renewed.</summary>
    public int Renewals { get; private set; }

    /// <summary>How messages were settled, in order: <c>completed</c>, <c>abandoned</c>, <c>dead-lettered</c>.</summary>
    public IReadOnlyList<string> Settlements => Locked(() => _settlements.ToArray());

    /// <summary>Messages as last received, with what was said when they were dead-lettered.</summary>
    public IReadOnlyList<(string Body, string? Reason, string? Description)> Letters => deadLetters?.Letters ??
        Locked(() => _entries.Select(entry => (
        System.Text.Encoding.UTF8.GetString(((Data)entry.Message.BodySection).Binary),
        entry.Message.ApplicationProperties?["DeadLetterReason"] as string,
        entry.Message.ApplicationProperties?["DeadLetterErrorDescription"] as string)).ToArray());

    /// <summary>The lock token that a message was handed out with.</summary>
    public static Guid? LockOf(Message message) => message is not null && s_locks.TryGetValue(message, out object? token) ? (Guid)token : null;

    /// <summary>A receiver has attached.</summary>
    public LinkEndpoint Connect(ListenerLink link)
    {
        var outlet = new Outlet(this, link);
        Locked(() => _outlets.Add(outlet));
        return outlet;
    }

    public void Enqueue(Message message)
    {
        Locked(() =>
        {
            if (DetectsDuplicates && !_seen.Add(message.Properties.MessageId))
                return;
            _entries.Add(new Entry(message, ++_sequence, Now.UtcDateTime));
        });
        Tick();
    }

    /// <summary>Renews locks; null when one of them is lost.</summary>
    public DateTimeOffset? Renew(Guid[] tokens) => Locked<DateTimeOffset?>(() =>
    {
        DateTimeOffset until = Now + lockDuration;
        foreach (Guid token in tokens)
        {
            if (Find(token) is not { } entry)
                return null;
            entry.LockedUntil = until;
            Renewals++;
        }

        return until;
    });

    /// <summary>Shows messages without taking them.</summary>
    public List Peek(long from, int count) => Locked(() =>
    {
        var found = new List();
        foreach (Entry entry in _entries.Where(entry => entry.Sequence >= from).Take(count))
        {
            ByteBuffer encoded = entry.Outgoing().Encode();
            found.Add(new Map { ["message"] = encoded.Buffer.AsSpan(encoded.Offset, encoded.Length).ToArray() });
        }

        return found;
    });

    /// <summary>Lets every lock run out, as time would.</summary>
    public void EndLocks()
    {
        Locked(() => _entries.ForEach(entry => entry.LockedUntil = Now));
        Tick();
    }

    /// <summary>Ends locks that ran out, and hands out what there is.</summary>
    public void Tick()
    {
        var outgoing = new List<(Outlet Outlet, Message Message, Entry Entry)>();
        var drained = new List<Outlet>();
        lock (_gate)
        {
            foreach (Entry entry in _entries.Where(entry => entry.Lock is not null && entry.LockedUntil <= Now))
                entry.Lock = null;
            foreach (
                Entry entry in _entries.Where(entry => entry.Lock is null && entry.Deliveries >= MaxDeliveries && deadLetters is not null).ToArray())
            {
                _entries.Remove(entry);
                Bury(entry, "MaxDeliveryCountExceeded", $"Message could not be consumed after {MaxDeliveries} delivery attempts.");
            }

            foreach (Outlet outlet in _outlets)
            {
                while (outlet.Credit > 0 && _entries.Find(entry => entry.Lock is null) is { } next)
                {
                    outlet.Credit--;
                    next.Lock = new Guid(++_locks, 0, 0, new byte[8]);
                    next.LockedUntil = Now + lockDuration;
                    Message message = next.Outgoing();
                    next.Deliveries++;
                    s_locks.Add(message, next.Lock.Value);
                    outgoing.Add((outlet, message, next));
                }

                if (outlet.Link.IsDraining)
                {
                    outlet.Credit = 0;
                    drained.Add(outlet);
                }
            }
        }

        foreach ((Outlet outlet, Message message, Entry entry) in outgoing)
        {
            if (!TryTell(() => outlet.Link.SendMessage(message)))
                Locked(() => TakeBack(entry, message));
        }

        foreach (Outlet outlet in drained)
            TryTell(outlet.Link.CompleteDrain);
    }

    /// <returns>False where the receiver is going away.</returns>
    private static bool TryTell(Action tell)
    {
        try
        {
            tell();
            return true;
        }
        catch (AmqpException)
        {
            return false;
        }
    }

    private static void TakeBack(Entry entry, Message message)
    {
        if (entry.Lock != LockOf(message))
            return;
        entry.Lock = null;
        entry.Deliveries--; // nobody saw it
    }

    private void Settle(DispositionContext disposition)
    {
        bool found = Locked(() =>
        {
            if (LockOf(disposition.Message) is not { } token || Find(token) is not { } entry)
                return false;
            switch (disposition.DeliveryState)
            {
                case Accepted:
                    _settlements.Add("completed");
                    _entries.Remove(entry);
                    break;
                case Rejected rejected:
                    _settlements.Add("dead-lettered");
                    _entries.Remove(entry);
                    Bury(entry, rejected.Error?.Info?[new Symbol("DeadLetterReason")],
                        rejected.Error?.Info?[new Symbol("DeadLetterErrorDescription")]);
                    break;
                case Released:
                    entry.Lock = null;
                    entry.Deliveries--; // the client had stopped waiting: nobody saw it
                    break;
                case Modified modified:
                    _settlements.Add("abandoned");
                    entry.Lock = null;
                    foreach ((object key, object value) in modified.MessageAnnotations ?? [])
                        (entry.Message.ApplicationProperties ??= new ApplicationProperties())[key.ToString()] = value;
                    break;
                default:
                    throw new InvalidOperationException($"Settled as {disposition.DeliveryState}.");
            }

            return true;
        });
        DeliveryState answer = found ? new Accepted() : new Rejected { Error = new Error(new Symbol("com.microsoft:message-lock-lost")) };
        disposition.Link.DisposeMessage(disposition.Message, answer, settled: true);
        Tick();
    }

    private void Bury(Entry entry, object? reason, object? description)
    {
        entry.Message.ApplicationProperties ??= new ApplicationProperties();
        entry.Message.ApplicationProperties["DeadLetterReason"] = reason;
        entry.Message.ApplicationProperties["DeadLetterErrorDescription"] = description;
        deadLetters?.Enqueue(entry.Message);
    }

    private Entry? Find(Guid token) => _entries.Find(entry => entry.Lock == token && entry.LockedUntil > Now);

    private T Locked<T>(Func<T> read)
    {
        lock (_gate)
            return read();
    }

    private void Locked(Action change)
    {
        lock (_gate)
            change();
    }

    private sealed class Entry(Message message, long sequence, DateTime enqueued)
    {
        public Message Message => message;

        public long Sequence => sequence;

        public uint Deliveries { get; set; }

        public Guid? Lock { get; set; }

        public DateTimeOffset LockedUntil { get; set; }

        /// <summary>As the service hands it out: attempts before this one, and its own annotations.</summary>
        public Message Outgoing() => new()
        {
            Header = new Header { DeliveryCount = Deliveries },
            MessageAnnotations = new MessageAnnotations
            {
                [new Symbol("x-opt-sequence-number")] = sequence,
                [new Symbol("x-opt-enqueued-time")] = enqueued,
                [new Symbol("x-opt-locked-until")] = LockedUntil.UtcDateTime,
                [new Symbol("x-opt-message-state")] = 0,
            },
            Properties = message.Properties,
            ApplicationProperties = message.ApplicationProperties,
            BodySection = message.BodySection,
        };
    }

    private sealed class Outlet(BrokerQueue queue, ListenerLink link) : LinkEndpoint
    {
        public ListenerLink Link => link;

        public int Credit { get; set; }

        public override void OnFlow(FlowContext flowContext)
        {
            queue.Locked(() => Credit = flowContext.Messages <= 0 && !link.IsDraining ? 0 : Credit + Math.Max(flowContext.Messages, 0));
            queue.Tick();
        }

        public override void OnDisposition(DispositionContext dispositionContext) => queue.Settle(dispositionContext);

        public override void OnLinkClosed(ListenerLink link, Error error) => queue.Locked(() => queue._outlets.Remove(this));
    }
}
