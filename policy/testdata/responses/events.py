import base64,json,wave
mp3=open('speech.mp3','rb').read(); pcm=open('speech.pcm','rb').read(); wav=open('speech-alaw.wav','rb').read()
b=lambda x: base64.b64encode(x).decode()
# OpenAI speech, stream_format sse: mp3
ev=[{"type":"speech.audio.delta","audio":b(mp3[i:i+700])} for i in range(0,len(mp3),700)]+[{"type":"speech.audio.done","usage":{"input_tokens":4,"output_tokens":31,"total_tokens":35}}]
open('openai-speech.sse','w',newline='').write("".join("event: %s\ndata: %s\n\n"%(e["type"],json.dumps(e,separators=(',',':'))) for e in ev))
# OpenAI Realtime/Responses: pcm16 (here 8 kHz as asked)
ev=[{"type":"response.created","response":{"id":"r"}}]+[{"type":"response.output_audio.delta","sequence_number":n,"delta":b(pcm[i:i+1600])} for n,i in enumerate(range(0,8000,1600))]+[{"type":"response.output_audio_transcript.delta","delta":"Good morning."}]
open('openai-responses.sse','w',newline='').write("".join("data: %s\n\n"%json.dumps(e) for e in ev))
# MiniMax: hex mp3, repeated at the end
ev=[{"data":{"audio":mp3[i:i+700].hex(),"status":1},"trace_id":"t"} for i in range(0,len(mp3),700)]+[{"data":{"audio":mp3.hex(),"status":2},"extra_info":{"audio_length":750},"trace_id":"t"}]
open('minimax.sse','w',newline='').write("".join("data: %s\n\n"%json.dumps(e,separators=(',',':')) for e in ev))
# Inworld-like: a WAV a line
half=len(wav[58:])//2
hdr=wav[:58]
open('wav-lines.jsonl','w',newline='').write("".join(json.dumps({"result":{"audioContent":b(hdr[:54]+len(d).to_bytes(4,'little')+d)}})+"\n" for d in (wav[58:58+half],wav[58+half:58+2*half])))
# ElevenLabs with timestamps: documents one behind the other
open('elevenlabs.json','w',newline='').write("\n".join(json.dumps({"audio_base64":b(mp3[i:i+900]),"alignment":{"characters":["G","o"],"character_start_times_seconds":[0,0.1]}}) for i in range(0,len(mp3),900))+"\n")
