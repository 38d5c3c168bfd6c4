import { element, run } from "./form.js";

/** Who may do more than others, as the room calls them. */
const CREW = ["host", "moderator", "admin"];

/** What is kept in each list at the most. */
const LINES = 100;

run(async (state) => {
  const id = encodeURIComponent(element("endpoint").value);
  const token = element("token").value;
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch(`/api/broadcasts/${id}/ticket`, { method: "POST", headers });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws/broadcasts/${id}`);
  const send = (message) => socket.send(JSON.stringify(message));
  const room = new Room(send);
  socket.onopen = () => send({ type: "join", ticket: body.ticket });
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    room.tell(message);
    if (message.type === "joined") state.textContent = `in, as ${message.you.name} (${message.you.role})`;
    if (message.type === "error") state.textContent = `${message.detail} (${message.code})`;
  };
  socket.onclose = ({ code, reason }) => {
    element("room").hidden = true;
    state.textContent = `over: ${reason || code}`;
  };
  return () => send({ type: "leave" });
});

/** The room as this page shows it: a snapshot, and then what is told. */
class Room {
  #send;
  #you;
  #people = new Map();
  #hands = new Map();
  #messages = new Map();
  #pinned = new Map();
  #stage = [];

  /** @param {(message: object) => void} send */
  constructor(send) {
    this.#send = send;
    element("say").onsubmit = (event) => {
      event.preventDefault();
      send({ type: "chatMessage", message: element("text").value });
      element("say").reset();
    };
    element("raise").onclick = () => send({ type: "raiseHand" });
    element("lower").onclick = () => send({ type: "lowerHand" });
    element("leaveStage").onclick = () => send({ type: "leaveStage" });
    element("accept").onclick = () => send({ type: "acceptInvite" });
    element("decline").onclick = () => send({ type: "declineInvite" });
  }

  /** Takes a message of the server. */
  tell(message) {
    this.#note(message);
    switch (message.type) {
      case "joined":
        return this.#enter(message);
      case "userJoined":
        this.#people.set(message.user.id, message.user);
        return this.#showPeople();
      case "userLeft":
        this.#people.delete(message.userId);
        return this.#showPeople();
      case "roleChanged":
        return this.#become(message.user);
      case "chatMessage":
        this.#messages.set(message.message.id, message.message);
        return this.#showChat();
      case "messageDeleted":
        this.#messages.delete(message.messageId);
        this.#pinned.delete(message.messageId);
        return this.#showChat();
      case "messagePinned":
        this.#pinned.set(message.message.id, message.message);
        return this.#showChat();
      case "messageUnpinned":
        this.#pinned.delete(message.messageId);
        return this.#showChat();
      case "reaction":
        element("reacted").textContent = Object.entries(message.counts)
          .map(([emoji, count]) => `${emoji} ${count}`)
          .join("  ");
        return undefined;
      case "handRaised":
        this.#hands.set(message.hand.user.id, message.hand);
        return this.#showHands();
      case "handLowered":
        this.#hands.delete(message.userId);
        return this.#showHands();
      case "stageInvite":
      case "stageInviteEnded":
        if (message.user.id === this.#you.id) this.#showInvitation(message.type === "stageInvite");
        return undefined;
      case "stageChanged":
        if (message.user.id === this.#you.id) this.#showInvitation(false);
        return this.#showStage(message.stage);
      case "rulesChanged":
        return this.#showReactions(message.rules.reactions);
      case "listenerCount":
        return this.#showCounts(message.listeners, message.people);
      default:
        return undefined;
    }
  }

  #enter({ you, room, hands, invited }) {
    this.#you = you;
    element("room").hidden = false;
    this.#showInvitation(invited);
    if (!room) return;
    const byId = (list = []) => new Map(list.map((item) => [item.id, item]));
    this.#people = byId(room.users);
    this.#messages = byId(room.messages);
    this.#pinned = byId(room.pinned);
    this.#hands = new Map((hands ?? []).map((hand) => [hand.user.id, hand]));
    this.#showPeople();
    this.#showHands();
    this.#showStage(room.stage);
    this.#showChat();
    this.#showReactions(room.rules.reactions);
    this.#showCounts(room.listeners, room.people);
  }

  /** Somebody is something else now; whoever is crew has other buttons. */
  #become(user) {
    if (this.#people.has(user.id)) this.#people.set(user.id, user);
    if (user.id === this.#you.id) this.#you = user;
    this.#showPeople();
    this.#showHands();
    this.#showStage(this.#stage);
    this.#showChat();
  }

  get #isCrew() {
    return CREW.includes(this.#you.role);
  }

  /** Buttons that the crew has beside somebody or something, each with what it sends. */
  #buttons(line, commands) {
    if (!this.#isCrew) return;
    for (const [label, command] of Object.entries(commands)) {
      line.append(
        " ",
        button(label, () => this.#send(command)),
      );
    }
  }

  #showPeople() {
    fill("people", this.#people.values(), (line, { id, name, role }) => {
      line.append(`${name} (${role})`);
      if (id === this.#you.id) return;
      this.#buttons(line, {
        "On stage": { type: "inviteToStage", userId: id },
        "Put out": { type: "remove", userId: id },
      });
    });
  }

  #showHands() {
    fill("hands", this.#hands.values(), (line, { user }) => {
      line.append(user.name);
      this.#buttons(line, {
        "On stage": { type: "inviteToStage", userId: user.id },
        "Lower it": { type: "lowerHand", userId: user.id },
      });
    });
  }

  #showStage(stage) {
    this.#stage = stage;
    fill("stage", stage, (line, { user, muted }) => {
      line.append(`${user.name}${muted ? ", muted" : ""}`);
      this.#buttons(line, {
        [muted ? "Let speak" : "Mute"]: { type: "mute", userId: user.id, muted: !muted },
        "Off the stage": { type: "removeFromStage", userId: user.id },
      });
    });
  }

  #showChat() {
    while (this.#messages.size > LINES) this.#messages.delete(this.#messages.keys().next().value);
    fill("pinned", this.#pinned.values(), (line, { id, author, text }) => {
      line.append(`📌 ${author.name}: ${text}`);
      this.#buttons(line, { Unpin: { type: "unpinMessage", messageId: id } });
    });
    fill("messages", this.#messages.values(), (line, { id, author, text }) => {
      line.append(`${author.name}: ${text}`);
      this.#buttons(line, {
        Pin: { type: "pinMessage", messageId: id },
        Delete: { type: "deleteMessage", messageId: id },
      });
    });
  }

  #showReactions(emojis) {
    const react = (emoji) => button(emoji, () => this.#send({ type: "reaction", emoji }));
    element("reactions").replaceChildren(...emojis.map(react));
  }

  #showCounts({ total, webrtc, hls }, people) {
    element("counts").textContent =
      `${total} listen (${webrtc} by WebRTC, ${hls} by HLS), ${people} in the room`;
  }

  #showInvitation(isInvited) {
    element("invitation").hidden = !isInvited;
  }

  /** The messages as they came, the newest first. */
  #note(message) {
    const line = document.createElement("li");
    line.textContent = JSON.stringify(message);
    element("told").prepend(line);
    while (element("told").childElementCount > LINES) element("told").lastElementChild.remove();
  }
}

/** Shows `items` in the list `id`, each as `show` does. */
function fill(id, items, show) {
  const lines = [...items].map((item) => {
    const line = document.createElement("li");
    show(line, item);
    return line;
  });
  element(id).replaceChildren(...lines);
}

/** @param {string} label @param {() => void} press */
function button(label, press) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.onclick = press;
  return made;
}
