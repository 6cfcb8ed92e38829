// Ping-pong in one module: the entries `pong` and `ping` send a ball
// back and forth for ever. A ball with the text "crash" crashes them.
// Ping looks up the name "pong", which the host has registered.

import { forward, Message, receive, send, whereis } from "isopod/guest";

export function pong(): void {
  while (true) {
    const ball = catchBall();
    forward(ball.from, ball);
  }
}

export function ping(): void {
  const pong = whereis("pong");
  send(pong, new Uint8Array(8));
  while (true) forward(pong, catchBall());
}

function catchBall(): Message {
  const ball = receive();
  if (ball.startsWith("crash")) throw new Error("the ball is out");
  return ball;
}
