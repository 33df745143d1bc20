using System.Net;
using System.Net.Sockets;
using Amqp;
using Amqp.Framing;
using Amqp.Handler;
using Amqp.Listener;
using Amqp.Sasl;
using Amqp.Types;

namespace NrSer.CloudEdge.Tests.Broker;

/// <summary>
/// Speaks as much of Service Bus' AMQP 1.0 as NrSer uses, so that the real client library can be driven without the service: peek-lock with
/// renewal and expiry, attempts, dead-lettering, duplicate detection, peeking. It listens on a free local port, without encryption and taking any
/// token.
/// </summary>
/// <remarks>
/// Written after the public protocol guide ("AMQP 1.0 in Azure Service Bus protocol guide" and "request-response-based operations"). It shows how
/// our side and the client library behave towards a broker that keeps to that, not how the service behaves.
/// </remarks>
internal sealed class ServiceBusBroker : ILinkProcessor, IRequestProcessor, IHandler, IDisposable
{
    private const string ManagementSuffix = "/$management";

    private readonly ContainerHost _host;
    private readonly Timer _clock;
    private readonly Dictionary<string, BrokerQueue> _queues = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Starts listening.</summary>
    public ServiceBusBroker()
    {
        _host = Open();
        _clock = new Timer(_ => ForEach(queue => queue.Tick()), state: null, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(20));
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; private set; }

    /// <summary>For clients.</summary>
    public string ConnectionString =>
        $"Endpoint=sb://127.0.0.1:{Port};SharedAccessKeyName=any;SharedAccessKey=any;UseDevelopmentEmulator=true;";

    int IRequestProcessor.Credit => 100;

    /// <summary>Adds a queue and its dead-letter queue.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="lockDuration">Of its peek-lock.</param>
    /// <param name="time">The clock that locks run out by; the machine's by itself.</param>
    public BrokerQueue Add(string name, TimeSpan lockDuration, TimeProvider? time = null)
    {
        var deadLetters = new BrokerQueue($"{name}/$DeadLetterQueue", lockDuration, deadLetters: null, time ?? TimeProvider.System);
        var queue = new BrokerQueue(name, lockDuration, deadLetters, time ?? TimeProvider.System);
        lock (_queues)
        {
            foreach (BrokerQueue added in new[] { queue, deadLetters })
            {
                _queues.Add(added.Name, added);
                _host.RegisterRequestProcessor(added.Name.ToUpperInvariant() + ManagementSuffix.ToUpperInvariant(), new Management(added));
            }
        }

        return queue;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _clock.Dispose();
        _host.Close();
    }

    void ILinkProcessor.Process(AttachContext attachContext)
    {
        BrokerQueue? queue = Find(AddressOf(attachContext.Attach));
        if (queue is null)
        {
            attachContext.Complete(new Error(ErrorCode.NotFound) { Description = $"There is no queue {AddressOf(attachContext.Attach)}." });
            return;
        }

        attachContext.Attach.MaxMessageSize = 256 * 1024;
        if (attachContext.Link.Role)
            attachContext.Complete(new Inbox(queue), 1000);
        else
            attachContext.Complete(queue.Connect(attachContext.Link), 0);
    }

    /// <summary>Takes any token.</summary>
    void IRequestProcessor.Process(RequestContext requestContext) => requestContext.Complete(
        new Message { ApplicationProperties = new ApplicationProperties { ["status-code"] = 202, ["status-description"] = "Accepted" } });

    bool IHandler.CanHandle(EventId id) => id == EventId.SendDelivery;

    void IHandler.Handle(Event protocolEvent)
    {
        if (protocolEvent.Context is IDelivery delivery && BrokerQueue.LockOf(delivery.Message) is { } token)
            delivery.Tag = token.ToByteArray(); // the client takes the tag for the lock token
    }

    private static string AddressOf(Attach attach)
    {
        string address = (attach.Role ? ((Source)attach.Source).Address : ((Target)attach.Target).Address).Trim('/');
        return address.EndsWith(ManagementSuffix, StringComparison.OrdinalIgnoreCase) ? address.ToUpperInvariant() : address;
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private ContainerHost Open()
    {
        for (int tries = 1; ; tries++)
        {
            Port = FreePort();
            var host = new ContainerHost(new Address($"amqp://127.0.0.1:{Port}"));
            host.Listeners[0].SASL.EnableMechanism("MSSBCBS", SaslProfile.Anonymous); // how its clients call anonymous, since a token follows
            host.Listeners[0].SASL.EnableAnonymousMechanism = true;
            host.Listeners[0].HandlerFactory = _ => this;
            host.AddressResolver = (_, attach) => AddressOf(attach);
            host.RegisterLinkProcessor(this);
            host.RegisterRequestProcessor("$cbs", this);
            try
            {
                host.Open();
                return host;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse && tries < 20)
            {
                // by somebody else meanwhile
            }
        }
    }

    private BrokerQueue? Find(string name)
    {
        lock (_queues)
            return _queues.GetValueOrDefault(name);
    }

    private void ForEach(Action<BrokerQueue> action)
    {
        lock (_queues)
        {
            foreach (BrokerQueue queue in _queues.Values)
                action(queue);
        }
    }

    /// <summary>What a queue answers besides handing out messages.</summary>
    private sealed class Management(BrokerQueue queue) : IRequestProcessor
    {
        public int Credit => 100;

        public void Process(RequestContext requestContext)
        {
            string operation = (string)requestContext.Message.ApplicationProperties["operation"];
            var request = (Map)requestContext.Message.Body;
            requestContext.Complete(operation switch
            {
                "com.microsoft:renew-lock" => queue.Renew((Guid[])request["lock-tokens"]) is { } until
                    ? Response(200, new Map { ["expirations"] = new[] { until.UtcDateTime } })
                    : Response(410, body: null, "com.microsoft:message-lock-lost"),
                "com.microsoft:peek-message" =>
                    queue.Peek((long)request["from-sequence-number"], (int)request["message-count"]) is { Count: > 0 } found
                    ? Response(200, new Map { ["messages"] = found })
                    : Response(204, body: null),
                _ => Response(501, body: null, "amqp:not-implemented"),
            });
        }

        private static Message Response(int status, Map? body, string? condition = null)
        {
            var response = new Message { ApplicationProperties = new ApplicationProperties { ["statusCode"] = status, ["statusDescription"] = "" } };
            if (body is not null)
                response.BodySection = new AmqpValue { Value = body };
            if (condition is not null)
                response.ApplicationProperties["errorCondition"] = new Symbol(condition);
            return response;
        }
    }

    private sealed class Inbox(BrokerQueue queue) : LinkEndpoint
    {
        private const uint BatchFormat = 0x80013700; // several encoded messages, one in each data section

        public override void OnMessage(MessageContext messageContext)
        {
            Message message = messageContext.Message;
            if (message.Format == BatchFormat)
            {
                foreach (byte[] encoded in BodiesOf(message))
                    queue.Enqueue(Message.Decode(new ByteBuffer(encoded, 0, encoded.Length, encoded.Length)));
            }
            else
            {
                queue.Enqueue(message);
            }

            messageContext.Complete();
        }

        public override void OnFlow(FlowContext flowContext)
        {
            // A sender's flow asks for nothing.
        }

        public override void OnDisposition(DispositionContext dispositionContext) => dispositionContext.Complete();

        private static IEnumerable<byte[]> BodiesOf(Message batch) => batch.BodySection switch
        {
            DataList list => Enumerable.Range(0, list.Count).Select(i => list[i].Binary),
            Data single => [single.Binary],
            _ => throw new InvalidOperationException($"A batch of {batch.BodySection?.GetType().Name}."),
        };
    }
}
